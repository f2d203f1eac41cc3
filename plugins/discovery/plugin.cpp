// discovery: wiring. Chat messages come in, announcements of streams go out.
#include <streamwall/contracts/events.hpp>
#include <streamwall/sdk/plugin.hpp>
#include <streamwall/sdk/retry.hpp>

#include <array>
#include <map>
#include <string>

#include "discover_command.hpp"
#include "ignore_lists.hpp"
#include "intake.hpp"
#include "messages.hpp"

namespace streamwall::discovery {

struct Settings {
    std::string place_hint;
    std::size_t max_message_bytes = 0;
    std::size_t limit_messages = 0;
    std::chrono::milliseconds limit_window{};
    std::size_t seen_capacity = 0;
    std::chrono::milliseconds seen_for{};
    std::vector<std::string> ignore_users;
    std::vector<std::string> ignore_urls;
    std::vector<std::string> ignore_domains;
    std::chrono::milliseconds ignore_lists_refresh{};
};

}  // namespace streamwall::discovery

STREAMWALL_SETTINGS(streamwall::discovery::Settings, place_hint, max_message_bytes, limit_messages,
                    limit_window, seen_capacity, seen_for, ignore_users, ignore_urls,
                    ignore_domains, ignore_lists_refresh)

namespace streamwall::discovery {
namespace {

// About four minutes; a journal that is away for longer costs what was found meanwhile.
constexpr RetryPolicy kAnnounceAgain{.tries = 12};
constexpr std::size_t kMaxUnderWay = 1000;

IntakeOptions intake_options(const Settings& settings) {
    return {.max_message_bytes = settings.max_message_bytes,
            .limit = {.messages = settings.limit_messages, .window = settings.limit_window},
            .seen_capacity = settings.seen_capacity,
            .seen_for = settings.seen_for,
            .place_hint = settings.place_hint};
}

IgnoreRules ignore_rules(const Settings& settings) {
    return {settings.ignore_users, settings.ignore_urls, settings.ignore_domains};
}

std::string_view text_of(const boost::json::object& from, std::string_view name) {
    const boost::json::value* value = from.if_contains(name);
    if (!value || !value->is_string()) return {};
    return value->get_string();
}

bool flag_of(const boost::json::object& from, std::string_view name) {
    const boost::json::value* value = from.if_contains(name);
    return value && value->is_bool() && value->get_bool();
}

MessageOrigin origin_of(const boost::json::object& message) {
    return {.source = text_of(message, "source"),
            .user = text_of(message, "user"),
            .message_id = text_of(message, "message_id")};
}

DiscoverArguments arguments_of(const boost::json::object& given) {
    DiscoverArguments arguments{
        .text = {}, .from_stdin = flag_of(given, "stdin"), .explain = flag_of(given, "explain")};
    if (const auto* words = given.if_contains("_"); words && words->is_array()) {
        for (const auto& word : words->get_array()) {
            if (word.is_string()) arguments.text.emplace_back(word.get_string());
        }
    }
    return arguments;
}

}  // namespace

class Discovery final : public Plugin<Settings> {
  public:
    Discovery(const sw_host_api* api, Settings settings)
        : Plugin(api, std::move(settings)),
          intake_(intake_options(this->settings()), ignore_rules(this->settings()),
                  Gazetteer::embedded()),
          ignore_lists_(*this, this->settings().ignore_lists_refresh) {}

    Step start() override {
        auto subscribed =
            bus().subscribe({.pattern = "chat.message_posted"},
                            [this](const Event& event) -> Outcome { return on_message(event); });
        if (!subscribed) return std::move(subscribed).error();
        for (const auto& [gone, name] : {std::pair(contracts::events::kStreamArchived, "archived"),
                                         std::pair(contracts::events::kStreamDeleted, "deleted")}) {
            subscribed =
                bus().subscribe({.pattern = gone, .durable = name},
                                [this](const Event& event) -> Outcome { return on_gone(event); });
            if (!subscribed) return std::move(subscribed).error();
        }
        if (auto offered = messages_.offer(); !offered) return std::move(offered).error();
        return follow_ignore_lists();
    }

    const void* extension(std::string_view name) override {
        return name == SW_COMMAND ? &kCommands : nullptr;
    }

  private:
    Step follow_ignore_lists() {
        auto followed = ignore_lists_.follow([this](const boost::json::object& lists) {
            auto rules = ignore_rules(settings());
            add_listed(rules, lists);
            intake_.set_rules(std::move(rules));
        });
        if (!followed) return std::move(followed).error();
        return ok();
    }

    Outcome on_message(const Event& event) {
        auto message = event.json();
        if (!message) return std::move(message).error();
        const Intaken taken = intake_.take({.source = text_of(*message, "source"),
                                            .user = text_of(*message, "user"),
                                            .user_id = text_of(*message, "user_id"),
                                            .text = text_of(*message, "text")},
                                           now());
        for (const SkippedText& skipped : taken.skipped) {
            count_skipped(model::skip_reason_name(skipped.reason));
        }
        for (const Drop drop : taken.drops) {
            count_skipped(kDropNames[static_cast<std::size_t>(drop)]);
        }
        for (const FoundStream& stream : taken.streams)
            announce(stream, origin_of(*message), 0, event.context());
        return ok();
    }

    // One that cannot be kept yet is tried again; the catalog knows a link that comes twice.
    void announce(const FoundStream& stream, const MessageOrigin& origin, std::int64_t stream_id,
                  const sw_context& context) {
        const std::string source(origin.source);
        if (retries_.under_way() >= kMaxUnderWay) {
            return on_announced(stream.url, source,
                                Error{SW_RESOURCE_EXHAUSTED, "too many wait for the journal"});
        }
        retries_.run<Buffer>(
            kAnnounceAgain,
            [this, subject = "link/" + stream.url,
             data = Buffer(discovered_data(stream, origin, stream_id)),
             context = Context(context).with_home(nullptr)](auto finish) {
                // The message's deadline says how long its sender waits; this must outlive it.
                const auto lasting = context.with_deadline(host().own_context().deadline_ns());
                bus().append({.type = contracts::events::kStreamDiscovered,
                              .subject = subject,
                              .data = data},
                             lasting.raw(), [this, finish](const Result<Buffer>& done) {
                                 if (!done) note_failure(done.error());
                                 finish(done);
                             });
            },
            [this, url = stream.url, source](const Result<Buffer>& done) {
                on_announced(url, source, done);
            });
    }

    void note_failure(const Error& error) {
        host()
            .counter("streamwall_discovery_failed_announcements_total",
                     "Attempts to announce a stream that the journal did not take")
            .add();
        host().health(SW_HEALTH_DEGRADED, error.message, "journal");
    }

    void on_announced(const std::string& url, const std::string& source,
                      const Result<Buffer>& done) {
        intake_.settle(url, done.has_value(), now());
        if (done) {
            counter(discovered_, "streamwall_streams_discovered_total",
                    "Streams found in messages and announced", "source", source)
                .add();
            return host().health(SW_HEALTH_OK, {}, "journal");
        }
        if (done.error().code == SW_CANCELLED) return;  // the plugin stops
        count_skipped("not_journaled");
        host().health(SW_HEALTH_DEGRADED, done.error().message, "journal");
        log().error("discovery.not_journaled", "a stream was found but could not be announced",
                    {{"url", url}, {"error", done.error().message}});
    }

    Outcome on_gone(const Event& event) {
        auto stream = event.json();
        if (!stream) return std::move(stream).error();
        intake_.forget(text_of(*stream, "url"));
        return ok();
    }

    Series& counter(std::map<std::string, Series, std::less<>>& family, std::string_view name,
                    std::string_view help, std::string_view label, std::string_view value) {
        const auto found = family.find(value);
        if (found != family.end()) return found->second;
        return family.emplace(value, host().counter(name, help, {{label, value}})).first->second;
    }

    void count_skipped(std::string_view reason) {
        counter(skipped_, "streamwall_discovery_skipped_total",
                "Links, messages and streams that were passed over", "reason", reason)
            .add();
    }

    Intake::Time now() const { return Intake::Time(host().monotonic_ns()); }

    static sw_status run_command(void* /*self*/, sw_str name, sw_str arguments,
                                 const sw_command_io* io, int32_t* exit_code,
                                 sw_error* error) noexcept {
        try {
            auto given = json::parse_object(to_view(arguments));
            if (!given) return fill_error(error, given.error());
            const DiscoverArguments parsed = arguments_of(*given);
            if (to_view(name) != "discover" || (parsed.text.empty() && !parsed.from_stdin)) {
                return fill_error(error, Error::invalid("give a text, or --stdin"));
            }
            discover(
                parsed, Gazetteer::embedded(),
                {.read =
                     [io](std::span<char> into) {
                         return io->read(io->self, into.data(), into.size());
                     },
                 .write = [io](std::string_view text) { io->write_out(io->self, to_str(text)); }});
            *exit_code = 0;
            return SW_OK;
        } catch (const std::exception& problem) {
            return fill_error(error, Error::internal(problem.what()));
        }
    }
    static constexpr sw_command_api kCommands = {sizeof(sw_command_api), 0, &run_command};

    Intake intake_;
    IgnoreLists ignore_lists_;
    Retries retries_{host()};
    Messages messages_{
        *this,
        {.intake = intake_,
         .max_message_bytes = settings().max_message_bytes,
         .now = [this] { return now(); },
         .announce = [this](const FoundStream& stream, const MessageOrigin& origin, std::int64_t id,
                            const sw_context& context) { announce(stream, origin, id, context); }}};
    std::map<std::string, Series, std::less<>> discovered_;
    std::map<std::string, Series, std::less<>> skipped_;
};

}  // namespace streamwall::discovery

STREAMWALL_PLUGIN(streamwall::discovery::Discovery)
