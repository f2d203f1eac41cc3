#include "relations.hpp"

#include <streamwall/model/url_identity.hpp>

#include <algorithm>
#include <array>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

constexpr std::array<std::string_view, 3> kPlace = {"city", "state", "country"};
constexpr std::array<std::string_view, 6> kConcerned = {
    "streamer_id", "streamer_name", "location_id", "city", "state", "country"};

// A new record has null for what its body lacks.
bool is_given(const bj::object& values, std::string_view name, const bj::object& before) {
    const auto* value = values.if_contains(name);
    return value != nullptr && (!before.empty() || !value->is_null());
}

// The text that the record will have.
std::string text_after(const bj::object& values, std::string_view name, const bj::object& before) {
    return std::string(records::text_at(values.contains(name) ? values : before, name));
}

Error no_such(std::string_view field, std::string_view what) {
    records::FieldErrors errors;
    errors.add(field, "not_found", "is the id of no " + std::string(what));
    return errors.error();
}

}  // namespace

bool Relations::concern(const Object& values) {
    return std::ranges::any_of(kConcerned,
                               [&](std::string_view name) { return values.contains(name); });
}

bool Relations::concern_new(const Object& values) {
    return std::ranges::any_of(kConcerned, [&](std::string_view name) {
        const auto* value = values.if_contains(name);
        return value != nullptr && !value->is_null();
    });
}

Flow<std::monostate> Relations::settle_streamer(Object& values, const Asked& asked,
                                                Context context) {
    const auto& before = asked.before;
    if (is_given(values, "streamer_id", before)) {
        values["streamer_name"] = nullptr;
        if (values.at("streamer_id").is_null()) co_return ok();
        const auto id = records::number_at(values, "streamer_id");
        const auto streamer = co_await streamers_.streamer(id, std::move(context));
        if (streamer.code() == SW_NOT_FOUND) co_return no_such("streamer_id", "streamer");
        if (!streamer) co_return streamer.error();
        values["streamer_name"] = streamer->at("name");
        co_return ok();
    }
    if (!is_given(values, "streamer_name", before)) co_return ok();
    const auto name = text_after(values, "streamer_name", before);
    if (name.empty()) {
        values["streamer_id"] = nullptr;
        co_return ok();
    }
    const bool is_same = records::text_at(before, "streamer_name") == name;
    if (is_same && records::number_at(before, "streamer_id") != 0) co_return ok();
    Streamers::Wanted wanted{
        .name = name, .platform = text_after(values, "platform", before), .username = {}};
    const auto url = model::normalise_for_record(text_after(values, "url", before));
    if (url && model::platform_name(url->platform) == wanted.platform) {
        wanted.username = url->streamer.value_or("");
    }
    const auto streamer =
        co_await streamers_.find_or_make(std::move(wanted), asked.may_make, std::move(context));
    if (!streamer) co_return streamer.error();
    values["streamer_id"] = streamer->at("id");
    values["streamer_name"] = streamer->at("name");
    co_return ok();
}

Flow<std::monostate> Relations::settle_place(Object& values, const Asked& asked, Context context) {
    const auto& before = asked.before;
    if (is_given(values, "location_id", before)) {
        if (values.at("location_id").is_null()) co_return ok();
        const auto id = records::number_at(values, "location_id");
        const auto location = co_await locations_.location(id, std::move(context));
        if (location.code() == SW_NOT_FOUND) co_return no_such("location_id", "location");
        if (!location) co_return location.error();
        for (const auto name : kPlace) {
            if (is_given(values, name, before)) continue;
            values[name] = location->at(name == "state" ? "state_province" : name);
        }
        co_return ok();
    }
    const bool is_concerned = std::ranges::any_of(
        kPlace, [&](std::string_view name) { return is_given(values, name, before); });
    if (!is_concerned) co_return ok();
    Locations::Place place{text_after(values, "city", before), text_after(values, "state", before),
                           text_after(values, "country", before)};
    const bool has_state_alone = place.city.empty() && !place.state.empty();
    if (place.city.empty() && !(asked.is_validated && has_state_alone)) {
        values["location_id"] = nullptr;
        co_return ok();
    }
    const Locations::Place old{std::string(records::text_at(before, "city")),
                               std::string(records::text_at(before, "state")),
                               std::string(records::text_at(before, "country"))};
    const bool is_same = normal_place(place) == normal_place(old);
    if (is_same && records::number_at(before, "location_id") != 0) co_return ok();
    const Locations::Finding finding{.known_only = asked.is_validated, .may_make = asked.may_make};
    const auto location =
        co_await locations_.find_or_make(std::move(place), finding, std::move(context));
    if (!location) co_return location.error();
    values["location_id"] = location->at("id");
    if (asked.is_validated) values["city"] = location->at("city");
    co_return ok();
}

Flow<std::monostate> Relations::settle_all(Object& values, const Asked& asked, Context context) {
    // Places first: they may be refused, and then no streamer is made either.
    auto done = co_await settle_place(values, asked, context);
    if (done) done = co_await settle_streamer(values, asked, std::move(context));
    co_return done;
}

Flow<bj::object> Relations::settle(Object values, Buffer before, Context context) {
    auto record = json::parse_object(before.view());
    if (!record) co_return std::move(record).error();
    const Asked asked{.before = std::move(*record),
                      .may_make = true,
                      .is_validated = is_validated_(context.raw())};
    auto done = co_await settle_all(values, asked, std::move(context));
    if (!done) co_return std::move(done).error();
    co_return values;
}

Flow<bj::object> Relations::settle_new(StreamRecords& streams, Object values, From from,
                                       Context context) {
    Asked asked_for{.before = {}, .may_make = false, .is_validated = false};
    asked_for.is_validated = from == From::kPeople && is_validated_(context.raw());
    auto settled = values;
    auto done = co_await settle_all(settled, asked_for, context);
    if (done) co_return settled;
    if (done.code() != SW_NOT_FOUND) co_return std::move(done).error();
    const std::string url(records::text_at(values, "url"));
    const auto known = co_await asked(
        [&](Reply reply) { streams.load_by_url(url, context.raw(), std::move(reply)); });
    if (known) co_return values;
    if (known.code() != SW_NOT_FOUND) co_return known.error();
    asked_for.may_make = true;
    done = co_await settle_all(values, asked_for, std::move(context));
    if (!done) co_return std::move(done).error();
    co_return values;
}

}  // namespace streamwall::catalog
