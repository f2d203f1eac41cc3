// Tables: streamwall.bus/1 and streamwall.journal/1.
#include "abi/plugin_host.hpp"
#include "abi/tables.hpp"
#include "bus/envelope.hpp"
#include "bus/pattern.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::abi {

namespace {

// Finds what the manifest says of the type, and whether the data fits its schema.
Failure check_draft(sw_host& host, const sw_event_draft& draft, bool durable) {
    const auto type = view(draft.type);
    const auto* published = host.manifest.find_published(type);
    if (published == nullptr) {
        return Failure::of(
            SW_PERMISSION_DENIED,
            fmt::format("event type '{}' is not among the manifest's publishes", type));
    }
    if ((published->event_class == modules::EventClass::durable) != durable) {
        return Failure::of(SW_FAILED_PRECONDITION,
                           fmt::format("event type '{}' is {}durable; use {}", type,
                                       durable ? "not " : "", durable ? "publish" : "append"));
    }
    if (!host.facilities.validate_events) return {};
    const auto schema = host.manifest.event_schemas.find(std::string(type));
    if (schema == host.manifest.event_schemas.end()) return {};
    boost::system::error_code failed;
    const auto data = boost::json::parse(view(draft.data), failed);
    if (failed) return Failure::of(SW_INVALID_ARGUMENT, "the event's data is no JSON");
    const auto violations = config::validate(schema->second.root(), data);
    if (violations.empty()) return {};
    auto failure = Failure::of(SW_INVALID_ARGUMENT, fmt::format("event '{}' breaks its schema: {}",
                                                                type, violations[0].message()));
    failure.where = violations[0].field_path();
    return failure;
}

sw_status publish(sw_host* host, const sw_event_draft* draft, const sw_context* context,
                  sw_error* error) {
    const auto failure = check_draft(*host, *draft, false);
    if (failure.code != SW_OK) return fill(error, failure);
    const auto* published = host->manifest.find_published(view(draft->type));
    const bool stays = published->event_class == modules::EventClass::local;
    host->facilities.bus.publish(host->party, *draft, normalised(context),
                                 stays ? bus::Reach::process : bus::Reach::everywhere);
    return SW_OK;
}

sw_status append(sw_host* host, const sw_event_draft* draft, const sw_context* context,
                 sw_reply_fn on_reply, void* ctx, uint64_t* id, sw_buffer** reply,
                 sw_error* error) {
    const auto failure = check_draft(*host, *draft, true);
    if (failure.code != SW_OK) return fill(error, failure);
    std::string request = "{\"events\":[{\"type\":";
    bus::append_json_string(request, view(draft->type));
    request += ",\"version\":";
    bus::append_json_string(request, view(draft->version));
    request += ",\"subject\":";
    bus::append_json_string(request, view(draft->subject));
    request += ",\"data\":";
    request += view(draft->data);
    if (draft->changes.length) {
        request += ",\"changes\":";
        request += view(draft->changes);
    }
    request += "}]}";
    auto& services = host->facilities.services;
    const BufferRef body(request);
    return services.call(*services.resolve(host->party, "journal", "append"), body.get(), context,
                         on_reply, ctx, id, reply, error);
}

Failure check_subscription(const sw_host& host, const sw_subscription_options& options) {
    const auto pattern = view(options.pattern);
    if (!bus::is_pattern(pattern)) {
        return Failure::of(SW_INVALID_ARGUMENT, fmt::format("'{}' is no pattern", pattern));
    }
    const bool declared = std::ranges::any_of(
        host.manifest.subscribes,
        [&](const std::string& allowed) { return bus::covers(allowed, pattern); });
    if (declared) return {};
    return Failure::of(SW_PERMISSION_DENIED,
                       fmt::format("'{}' is not covered by the manifest's subscribes", pattern));
}

std::shared_ptr<bus::DurableSubscription> make_durable(sw_host& host,
                                                       const sw_subscription_options& options,
                                                       bus::Handler handler) {
    auto& parts = host.facilities;
    bus::SubscriptionOptions durable;
    durable.shared = options.deliver == SW_DELIVER_SHARED;
    durable.lease_owner = host.party.address;
    durable.reader.name = fmt::format(
        "{}/{}", durable.shared ? host.manifest.name : host.party.address, view(options.durable));
    durable.reader.pattern = view(options.pattern);
    durable.reader.start = options.start;
    if (options.limit) durable.reader.limit = options.limit;
    return std::make_shared<bus::DurableSubscription>(
        host.party, std::move(durable), handler,
        bus::SubscriptionParts{parts.journals, parts.timers, parts.clock, parts.pool,
                               parts.event_link},
        [log = &parts.log, instance = host.party.instance](const std::string& event,
                                                           const std::string& message) {
            log->warn(event, instance, message);
        });
}

sw_status subscribe(sw_host* host, const sw_subscription_options* given, sw_event_fn handler,
                    void* ctx, sw_subscription** out, sw_error* error) {
    host->expect_strand("bus.subscribe");
    if (host->is_closing()) return fill(error, stopping());
    const auto& options = *given;
    const auto failure = check_subscription(*host, options);
    if (failure.code != SW_OK) return fill(error, failure);
    auto made = std::make_unique<sw_subscription>();
    made->host = host;
    if (options.durable.length) {
        made->durable = make_durable(*host, options, {handler, ctx});
        if (host->is_open()) made->durable->start();
    } else {
        bus::TransientOptions transient;
        transient.policy = options.policy;
        if (options.limit) transient.limit = options.limit;
        made->transient = host->facilities.bus.subscribe(
            host->party, std::string(view(options.pattern)), {handler, ctx}, transient);
    }
    if (out) *out = made.get();
    host->add_subscription(std::move(made));
    return SW_OK;
}

sw_delivery* defer(const sw_event* event) {
    auto* frame = reinterpret_cast<bus::Frame*>(const_cast<sw_event*>(event));
    frame->deferred = true;
    if (frame->reader == nullptr) return new sw_delivery{nullptr, nullptr, 0};
    return new sw_delivery{frame->reader->shared_from_this(), frame->record, frame->ticket};
}

void complete(sw_delivery* raw, sw_status status, const sw_error* error) {
    const std::unique_ptr<sw_delivery> delivery(raw);
    if (!delivery->reader) return;
    delivery->reader->complete(delivery->ticket, status,
                               status == SW_OK ? Failure{} : Failure::from(status, error));
}

}  // namespace

const sw_bus_api* bus_table() {
    static constexpr sw_bus_api table{
        sizeof table,
        0,
        &publish,
        &append,
        &subscribe,
        [](sw_subscription* subscription) {
            subscription->host->expect_strand("bus.unsubscribe");
            subscription->host->drop_subscription(subscription);
        },
        &defer,
        &complete,
        [](const sw_event* event) { return BufferRef(bus::render(*event)).release(); }};
    return &table;
}

const sw_journal_api* journal_table() {
    static constexpr sw_journal_api table{sizeof table, 0,
                                          [](sw_host* host, const sw_event* events, size_t count) {
                                              host->facilities.feed.committed(events, count);
                                          }};
    return &table;
}

}  // namespace streamwall::abi
