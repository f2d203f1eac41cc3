#include "locations.hpp"

#include <streamwall/model/text.hpp>

#include <algorithm>
#include <array>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMostRemembered = 4096;
constexpr int kMaxRounds = 5;

constexpr std::array kFilters = std::to_array<ListFilter>({{"city", "city"},
                                                           {"state", "state_province"},
                                                           {"country", "country"},
                                                           {"known_city", "known_city"}});
constexpr std::array<std::string_view, 1> kHidden = {"city_key"};

constexpr ResourceKind kKind{.collection = "locations",
                             .name = "location",
                             .title = "location",
                             .wrapper = "location",
                             .list = {.collection = "locations",
                                      .filters = kFilters,
                                      .searched = R"(["city","state_province","region","country"])",
                                      .sorts = " normalized_name created_at ",
                                      .default_sort = "normalized_name"},
                             .hidden = kHidden};

// The text as it is kept; nothing for blank.
bj::value kept(std::string_view text) {
    const auto trimmed = model::trim(text);
    if (trimmed.empty()) return nullptr;
    return bj::value(trimmed);
}

void read_coordinate(const bj::object& body, std::string_view name, double most, bj::object& values,
                     records::FieldErrors& errors) {
    const auto* given = body.if_contains(name);
    if (given == nullptr) return;
    if (given->is_null()) {
        values[name] = nullptr;
        return;
    }
    if (!given->is_number()) return errors.add(name, "type", "must be a number");
    const auto number = given->to_number<double>();
    if (number < -most || number > most) {
        const auto limit = std::to_string(static_cast<int>(most));
        return errors.add(name, "out_of_range", "must be from -" + limit + " to " + limit);
    }
    values[name] = number;
}

Error not_known() {
    records::FieldErrors errors;
    errors.add("city", "not_known", "is not a recognized city. Please contact an admin to add it.");
    return errors.error();
}

std::string text_of(const bj::object& record, std::string_view name) {
    return std::string(records::text_at(record, name));
}

}  // namespace

std::string normal_place(const Locations::Place& place) {
    std::string out;
    for (const auto& part : {place.city, place.state, place.country}) {
        const auto name = folded(part);
        if (!name.empty()) out.append(out.empty() ? "" : ", ").append(name);
    }
    return out;
}

Locations::Locations(StorePort& store) : Resource(kKind, store) {}

std::string Locations::declaration() {
    return R"({"name":"locations","fields":[{"name":"city","type":"text"},)"
           R"({"name":"state_province","type":"text"},{"name":"region","type":"text"},)"
           R"({"name":"country","type":"text"},{"name":"latitude","type":"real"},)"
           R"({"name":"longitude","type":"real"},)"
           R"({"name":"known_city","type":"boolean","default":false},)"
           R"({"name":"display_name","type":"text"},{"name":"normalized_name","type":"text"},)"
           R"({"name":"city_key","type":"text"}],)"
           R"("search":)" +
           search_declaration(kKind.list) + "," +
           R"("unique":[{"name":"normalized_name","fields":["normalized_name"]}],)"
           R"("indexes":[{"name":"city","fields":["city"]},)"
           R"({"name":"state","fields":["state_province","normalized_name"]},)"
           R"({"name":"country","fields":["country","normalized_name"]},)"
           R"({"name":"known","fields":["known_city","normalized_name"]},)"
           R"({"name":"name","fields":["normalized_name"]},)"
           R"({"name":"place","fields":["city_key"]}]})";
}

Result<bj::object> Locations::read(const Body& body) const {
    records::FieldErrors errors;
    bj::object values;
    const auto& members = body.members;
    for (const std::string_view name : {"city", "state_province", "region", "country"}) {
        if (!members.contains(name)) continue;
        const auto text = records::read_text(members, name, kMaxName, errors);
        values[name] = kept(text.value_or(""));
    }
    const bool has_text = members.contains("city") && !members.at("city").is_null();
    const bool lacks_city =
        values.contains("city") ? values.at("city").is_null() && !errors.any() : body.needs_all();
    if (lacks_city || (members.contains("city") && !has_text)) {
        errors.add("city", "required", "is required");
    }
    read_coordinate(members, "latitude", 90, values, errors);
    read_coordinate(members, "longitude", 180, values, errors);
    refuse_null(body, {"known_city", "is_known_city"}, errors);
    if (const auto known = records::read_flag(members, "known_city", errors)) {
        values["known_city"] = *known;
    } else if (const auto old = records::read_flag(members, "is_known_city", errors)) {
        values["known_city"] = *old;
    }
    records::refuse_unknown(
        members, body.request,
        {"id", "city", "state_province", "region", "country", "latitude", "longitude", "known_city",
         "is_known_city", "display_name", "normalized_name", "created_at", "updated_at", "version"},
        errors);
    if (errors.any()) return errors.error();
    return values;
}

// The names that follow from the parts.
Result<> Locations::derive(Object& values, const Object* before, const Context&) const {
    const auto part = [&](std::string_view name) {
        const auto* given = values.if_contains(name);
        if (given == nullptr && before != nullptr) return text_of(*before, name);
        return given == nullptr ? std::string() : text_of(values, name);
    };
    const Place place{part("city"), part("state_province"), part("country")};
    values["normalized_name"] = normal_place(place);
    values["city_key"] = folded(place.city);
    const auto& second = place.state.empty() ? place.country : place.state;
    values["display_name"] = second.empty() ? place.city : place.city + ", " + second;
    return ok();
}

Flow<std::monostate> Locations::add_removals(Array&, const Object& record, Context context) {
    const auto id = records::number_at(record, "id");
    const auto count = co_await count_streams("location_id", id, std::move(context));
    if (!count) co_return count.error();
    if (*count == 0) co_return ok();
    records::FieldErrors errors;
    errors.add("base", "in_use",
               "Location is being used by " + std::to_string(*count) + " stream(s)");
    co_return errors.error();
}

Flow<std::monostate> Locations::complete(Array& records, Context) {
    for (auto& record : records)
        record = shown_record(record.as_object(), kHidden, {});
    co_return ok();
}

Flow<> Locations::plain_list(Object filter, Context context) {
    bj::object query{{"collection", kKind.collection}};
    query["sort"] = bj::array{{{"field", "normalized_name"}}};
    if (!filter.empty()) query["filter"] = std::move(filter);
    const auto found = co_await query_all(std::move(query), std::move(context));
    if (!found) co_return found.error();
    bj::array out;
    for (const auto& item : *found) {
        bj::object place;
        for (const std::string_view name : {"id", "city", "state_province", "country",
                                            "display_name", "normalized_name", "known_city"}) {
            place[name] = item.at(name);
        }
        out.push_back(std::move(place));
    }
    bj::object reply;
    reply["locations"] = std::move(out);
    co_return Buffer(bj::serialize(reply));
}

Flow<> Locations::all(std::string, Context context) {
    return plain_list({}, std::move(context));
}

Flow<> Locations::known_cities(std::string, Context context) {
    bj::object filter{{"field", "known_city"}, {"op", "eq"}, {"value", true}};
    return plain_list(std::move(filter), std::move(context));
}

Flow<bj::object> Locations::location(std::int64_t id, Context context) const {
    return find(id, std::move(context));
}

// Of the locations of a city, the one that is meant: exactly that place, else the only one that
// contradicts nothing that was given.
Flow<bj::object> Locations::look_up(const Place& place, bool known_only, Context context) const {
    bj::object query{{"collection", kKind.collection}};
    query["filter"] =
        bj::object{{"field", "city_key"}, {"op", "eq"}, {"value", folded(place.city)}};
    const auto same_city = co_await query_all(std::move(query), std::move(context));
    if (!same_city) co_return same_city.error();
    const auto fits = [](const std::string& given, std::string_view known, bool may_be_unknown) {
        if (given.empty() || (known.empty() && may_be_unknown)) return true;
        return folded(given) == folded(known);
    };
    const auto exact = normal_place(place);
    bj::array others;
    for (const auto& item : *same_city) {
        const auto& location = item.as_object();
        if (known_only && !records::flag_at(location, "known_city")) continue;
        if (records::text_at(location, "normalized_name") == exact) co_return bj::object(location);
        if (fits(place.state, records::text_at(location, "state_province"), known_only) &&
            fits(place.country, records::text_at(location, "country"), true)) {
            others.push_back(location);
        }
    }
    if (others.size() != 1) co_return not_found();
    co_return bj::object(others.front().as_object());
}

void Locations::heard() {
    const std::lock_guard lock(mutex_);
    ++generation_;
    known_.clear();
}

void Locations::remember(std::string key, Object location, std::uint64_t generation) {
    const std::lock_guard lock(mutex_);
    if (generation != generation_) return;  // what was read may be old
    if (known_.size() >= kMostRemembered) known_.clear();
    known_.emplace(std::move(key), std::move(location));
}

Flow<bj::object> Locations::find_or_make(Place place, Finding finding, Context context) {
    const auto [known_only, may_make] = finding;
    const auto key = (known_only ? "known/" : "any/") + normal_place(place);
    std::uint64_t generation = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto known = known_.find(key);
        if (known != known_.end()) co_return bj::object(known->second);
        generation = generation_;
    }
    for (int round = 1;; ++round) {
        auto found = co_await look_up(place, known_only, context);
        if (found) {
            remember(key, *found, generation);
            co_return found;
        }
        if (found.code() != SW_NOT_FOUND) co_return found;
        if (known_only) co_return not_known();
        if (!may_make) co_return not_found();
        bj::object values{{"city", kept(place.city)},
                          {"state_province", kept(place.state)},
                          {"country", kept(place.country)}};
        auto made = co_await insert(std::move(values), context);
        // Somebody else may have made it meanwhile; then it is found.
        if (made.code() != SW_ALREADY_EXISTS || round == kMaxRounds) co_return made;
    }
}

}  // namespace streamwall::catalog
