#include "timestamps.hpp"

#include "permissions.hpp"

#include <streamwall/contracts/streams.hpp>
#include <streamwall/model/rfc3339.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/records/requests.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;
namespace change = records::change;

constexpr std::string_view kRows = "timestamp_streams";
constexpr std::size_t kMinTitle = 3;
constexpr std::size_t kMaxTitle = 200;
constexpr std::size_t kMaxDescription = 2000;
constexpr std::size_t kMaxStreams = 100;
constexpr std::int64_t kMaxOffset = 1'000'000'000;
constexpr int kMaxRounds = 100;

constexpr std::array kFilters =
    std::to_array<ListFilter>({{"status", "status"},
                               {"user_id", "user_id"},
                               {"stream_id", "", ListFilter::Match::kElsewhere},
                               {"from", "event_at", ListFilter::Match::kFrom},
                               {"to", "event_at", ListFilter::Match::kUntil}});
constexpr std::array<std::string_view, 1> kHidden = {"handle"};
constexpr auto kShownOfRow = std::to_array<std::string_view>({"stream_id", "offset_seconds"});

constexpr ResourceKind kKind{.collection = "timestamps",
                             .name = "timestamp",
                             .title = "timestamp",
                             .wrapper = "timestamp",
                             .list = {.collection = "timestamps",
                                      .filters = kFilters,
                                      .searched = R"(["title","description"])",
                                      .sorts = " event_at ",
                                      .default_sort = "event_at",
                                      .default_is_descending = true},
                             .hidden = kHidden,
                             .rows = kRows};

void read_title(const Body& body, bj::object& values, records::FieldErrors& errors) {
    if (!body.members.contains("title") && !body.needs_all()) return;
    const auto* given = records::find_given(body.members, "title");
    if (given == nullptr) return errors.add("title", "required", "is required");
    const auto title = records::read_text(body.members, "title", kMaxTitle, errors);
    if (!title) return;
    const auto trimmed = model::trim(*title);
    if (model::count_code_points(trimmed) < kMinTitle) {
        return errors.add("title", "too_short", "must have at least 3 characters");
    }
    values["title"] = trimmed;
}

void read_moment(const Body& body, bj::object& values, records::FieldErrors& errors) {
    if (!body.members.contains("event_at") && !body.needs_all()) return;
    const auto* given = records::find_given(body.members, "event_at");
    if (given == nullptr) return errors.add("event_at", "required", "is required");
    const auto time = given->is_string() ? model::parse_time(std::string_view(given->get_string()))
                                         : std::nullopt;
    if (!time) return errors.add("event_at", "format", "must be a time (RFC 3339)");
    values["event_at"] = model::format_time(*time);
}

// {"stream_id","offset_seconds"}; nothing where it is wrong, with errors under `prefix`.
std::optional<bj::object> read_stream(const bj::value& item, const std::string& prefix,
                                      records::FieldErrors& errors) {
    const auto* stream = item.if_object();
    if (stream == nullptr) {
        errors.add("streams", "type", "must be a list of objects");
        return std::nullopt;
    }
    const auto* id = records::find_given(*stream, "stream_id");
    const bool is_id =
        id != nullptr && id->is_int64() && id->get_int64() >= 1 && id->get_int64() <= model::kMaxId;
    if (id == nullptr) {
        errors.add(prefix + "stream_id", "required", "is required");
    } else if (!is_id) {
        errors.add(prefix + "stream_id", "type", "must be the id of a stream");
    }
    const auto* offset = records::find_given(*stream, "offset_seconds");
    const bool is_offset = offset == nullptr || (offset->is_int64() && offset->get_int64() >= 0 &&
                                                 offset->get_int64() <= kMaxOffset);
    if (!is_offset) {
        errors.add(prefix + "offset_seconds", "out_of_range",
                   "must be a whole number of seconds, 0 or more");
    }
    if (!is_id || !is_offset) return std::nullopt;
    bj::object out{{"stream_id", *id}};
    out["offset_seconds"] = offset == nullptr ? bj::value() : *offset;
    return out;
}

void read_streams(const bj::object& body, bj::object& values, records::FieldErrors& errors) {
    const auto* given = body.if_contains("streams");
    if (given == nullptr) return;
    const auto* list = given->if_array();
    if (list == nullptr) return errors.add("streams", "type", "must be a list");
    if (list->size() > kMaxStreams) {
        return errors.add("streams", "too_many", "must have at most 100 items");
    }
    bj::array streams;
    std::set<std::int64_t> seen;
    for (const auto& item : *list) {
        auto stream = read_stream(item, "streams.", errors);
        if (!stream) return;
        if (!seen.insert(records::number_at(*stream, "stream_id")).second) {
            return errors.add("streams", "repeated", "names one stream twice");
        }
        streams.push_back(std::move(*stream));
    }
    values["streams"] = std::move(streams);
}

bj::object row_of(const bj::value& owner, const bj::object& stream) {
    return {{"owner", owner},
            {"stream_id", stream.at("stream_id")},
            {"offset_seconds", stream.at("offset_seconds")}};
}

std::int64_t stream_of(const bj::value& row) {
    return records::number_at(row.as_object(), "stream_id");
}

}  // namespace

Timestamps::Timestamps(StorePort& store) : Resource(kKind, store) {}

std::string Timestamps::declaration() {
    return R"({"name":"timestamps","fields":[{"name":"event_at","type":"time"},)"
           R"({"name":"title","type":"text"},{"name":"description","type":"text"},)"
           R"({"name":"status","type":"text","default":"pending"},)"
           R"({"name":"user_id","type":"integer"},{"name":"handle","type":"text"}],)"
           R"("search":)" +
           search_declaration(kKind.list) + "," +
           R"("unique":[{"name":"handle","fields":["handle"]}],)"
           R"("indexes":[{"name":"event","fields":["event_at"]},)"
           R"({"name":"status","fields":["status","event_at"]},)"
           R"({"name":"user","fields":["user_id","event_at"]}]},)"
           R"({"name":"timestamp_streams","fields":[{"name":"owner","type":"text"},)"
           R"({"name":"stream_id","type":"integer"},{"name":"offset_seconds","type":"integer"}],)"
           R"("unique":[{"name":"pair","fields":["owner","stream_id"]}],)"
           R"("indexes":[{"name":"stream","fields":["stream_id"]}]})";
}

std::string_view Timestamps::shown_field(std::string_view) const {
    return "streams";
}

Result<bj::object> Timestamps::read(const Body& body) const {
    records::FieldErrors errors;
    bj::object values;
    const auto& members = body.members;
    read_moment(body, values, errors);
    read_title(body, values, errors);
    if (members.contains("description")) {
        const auto text = records::read_text(members, "description", kMaxDescription, errors);
        values["description"] = text ? bj::value(*text) : bj::value();
    }
    refuse_null(body, {"status"}, errors);
    if (const auto status = records::read_word(
            members, "status", {"pending", "reviewed", "resolved", "dismissed"}, errors)) {
        values["status"] = *status;
    }
    read_streams(members, values, errors);
    records::refuse_unknown(members, body.request,
                            {"id", "event_at", "title", "description", "status", "streams",
                             "user_id", "created_at", "updated_at", "version"},
                            errors);
    if (errors.any()) return errors.error();
    return values;
}

Result<> Timestamps::derive(Object& values, const Object* before, const Context& context) const {
    if (before != nullptr) return ok();
    values["handle"] = make_handle();
    const auto user = owner_id(context.raw());
    if (user != 0 && !values.contains("user_id")) values["user_id"] = user;
    return ok();
}

Flow<std::int64_t> Timestamps::find_same(Object body, Context context) const {
    const auto values = read({.members = std::move(body), .request = "{}"});
    if (!values) co_return values.error();
    bj::array both;
    for (const std::string_view name : {"event_at", "title"})
        both.push_back({{"field", name}, {"op", "eq"}, {"value", values->at(name)}});
    bj::object query{{"collection", kKind.collection}, {"limit", 1}};
    query["filter"] = bj::object{{"and", std::move(both)}};
    const auto page = co_await this->query(std::move(query), std::move(context));
    if (!page) co_return page.error();
    const auto& found = page->at("records").as_array();
    co_return found.empty() ? 0 : records::number_at(found.front().as_object(), "id");
}

Flow<> Timestamps::create_for(std::int64_t user_id, Object body, Context context) {
    auto values = read({.members = std::move(body), .request = "{}"});
    if (!values) co_return values.error();
    (*values)["user_id"] = user_id == 0 ? bj::value() : bj::value(user_id);
    auto record = co_await insert(std::move(*values), context);
    if (!record) co_return std::move(record).error();
    co_return co_await shown(std::move(*record), std::move(context));
}

Flow<std::monostate> Timestamps::check_streams(const Array& wanted, Context context) const {
    bj::array ids;
    for (const auto& stream : wanted)
        ids.push_back(stream.at("stream_id"));
    return expect_streams(std::move(ids), "streams.stream_id", std::move(context));
}

// What differs between the streams that are there and those that are wanted.
Flow<std::monostate> Timestamps::add_changes(Array& changes, Object& values, const Object* before,
                                             Context context) {
    const auto* given = values.if_contains("streams");
    if (given == nullptr) co_return ok();
    const bj::array wanted = given->as_array();
    values.erase("streams");
    auto checked = co_await check_streams(wanted, context);
    if (!checked) co_return checked;
    const auto handle = before == nullptr ? values.at("handle") : before->at("handle");
    bj::array present;
    if (before != nullptr) {
        auto rows = co_await rows_of(*before, std::move(context));
        if (!rows) co_return rows.error();
        present = std::move(*rows);
    }
    const auto place_of = [](const bj::array& list, const bj::value& stream) {
        return std::ranges::find(list, stream_of(stream), stream_of);
    };
    for (const auto& row : present) {
        if (place_of(wanted, row) == wanted.end()) {
            changes.push_back(change::erase(kRows, row.as_object()));
        }
    }
    for (const auto& item : wanted) {
        const auto& stream = item.as_object();
        const auto row = place_of(present, item);
        if (row == present.end()) {
            changes.push_back(change::insert(kRows, row_of(handle, stream)));
        } else if (row->at("offset_seconds") != stream.at("offset_seconds")) {
            changes.push_back(change::update(kRows, row->as_object(),
                                             {{"offset_seconds", stream.at("offset_seconds")}}));
        }
    }
    co_return ok();
}

Flow<std::monostate> Timestamps::complete(Array& records, Context context) {
    const auto streams = co_await rows_by_owner(records, kShownOfRow, context);
    if (!streams) co_return streams.error();
    for (auto& item : records) {
        const auto& record = item.as_object();
        bj::object more;
        const auto own = streams->find(records::text_at(record, "handle"));
        more["streams"] = own == streams->end() ? bj::array() : own->second;
        item = shown_record(record, kHidden, std::move(more));
    }
    co_return ok();
}

// Those that are seen in one of some streams.
Flow<std::string> Timestamps::filter_elsewhere(std::string request, Context context) const {
    const auto ids = json::find_member(json::find_member(request, "filters"), "stream_id");
    if (ids.empty()) co_return std::string();
    auto wanted = json::parse(ids);
    if (!wanted || !wanted->is_array()) {
        co_return Error::invalid("a filter takes a list of values", "stream_id");
    }
    const auto rows = co_await rows_with("stream_id", wanted->get_array(), std::move(context));
    if (!rows) co_return rows.error();
    bj::array owners;
    bj::array parts;
    for (const auto& row : *rows) {
        owners.push_back(row.at("owner"));
        if (owners.size() < kMaxListed) continue;
        parts.push_back({{"field", "handle"}, {"op", "in"}, {"value", std::move(owners)}});
        owners = bj::array();
    }
    parts.push_back({{"field", "handle"}, {"op", "in"}, {"value", std::move(owners)}});
    bj::object filter;
    filter["or"] = std::move(parts);
    co_return bj::serialize(filter);
}

Flow<> Timestamps::resolve(std::string request, Context context) {
    return set_values(std::move(request), {{"status", "resolved"}}, std::move(context));
}

Flow<> Timestamps::dismiss(std::string request, Context context) {
    return set_values(std::move(request), {{"status", "dismissed"}}, std::move(context));
}

// A change of one row counts as one of its timestamp.
Flow<bj::object> Timestamps::change_rows(const Object& before, Object row_change, Context context) {
    const auto subject = "timestamp/" + std::to_string(records::number_at(before, "id"));
    bj::array changes;
    changes.push_back(change::update(kKind.collection, before, {{"handle", before.at("handle")}}));
    changes.push_back(change::event(event_type("updated"), subject, 0));
    changes.push_back(std::move(row_change));
    auto results = co_await apply(std::move(changes), std::move(context));
    if (!results) co_return std::move(results).error();
    co_return bj::object(std::move(results->front().as_object()));
}

Flow<> Timestamps::add_stream(std::string request, Context context) {
    const auto body = read_request(request, model::InputMode::kCreate);
    if (!body) co_return body.error();
    records::FieldErrors errors;
    const auto stream = read_stream(body->members, "", errors);
    records::refuse_unknown(body->members, request, {"stream_id", "offset_seconds"}, errors);
    if (errors.any()) co_return errors.error();
    for (int round = 1;; ++round) {
        const auto before = co_await find(records::id_of(request), context);
        if (!before) co_return before.error();
        if (auto fits = records::check_version(request, *before); !fits) co_return fits.error();
        const auto rows = co_await rows_of(*before, context);
        if (!rows) co_return rows.error();
        if (rows->size() >= kMaxStreams) {
            errors.add("streams", "too_many", "must have at most 100 items");
            co_return errors.error();
        }
        const auto checked = co_await check_streams({*stream}, context);
        if (!checked) co_return checked.error();
        auto row = change::insert(kRows, row_of(before->at("handle"), *stream));
        auto after = co_await change_rows(*before, std::move(row), context);
        if (after) co_return co_await shown(std::move(*after), std::move(context));
        if (after.code() != SW_ABORTED || round == kMaxRounds) co_return after.error();
    }
}

Flow<> Timestamps::remove_stream(std::string request, Context context) {
    const auto wanted = json::to_integer(json::find_member(request, "stream_id")).value_or(0);
    for (int round = 1;; ++round) {
        const auto before = co_await find(records::id_of(request), context);
        if (!before) co_return before.error();
        if (auto fits = records::check_version(request, *before); !fits) co_return fits.error();
        const auto rows = co_await rows_of(*before, context);
        if (!rows) co_return rows.error();
        const auto row = std::ranges::find(*rows, wanted, stream_of);
        if (row == rows->end()) {
            co_return Error::not_found("The timestamp has no such stream.");
        }
        auto after = co_await change_rows(*before, change::erase(kRows, row->as_object()), context);
        if (after) co_return co_await shown(std::move(*after), std::move(context));
        const bool may_pass = after.code() == SW_ABORTED || after.code() == SW_NOT_FOUND;
        if (!may_pass || round == kMaxRounds) co_return after.error();
    }
}

Flow<> Timestamps::forget_stream(std::int64_t stream_id, Context context) {
    for (int round = 1;; ++round) {
        const auto rows = co_await rows_with("stream_id", {stream_id}, context);
        if (!rows) co_return rows.error();
        if (rows->empty()) co_return Buffer("{}");
        if (round == kMaxRounds) co_return Error::unavailable("the timestamps keep changing");
        for (const auto& row : *rows) {
            const auto before = co_await find_by("handle", {row.at("owner")}, context);
            if (!before && before.code() != SW_NOT_FOUND) co_return before.error();
            if (!before) continue;  // it is about to go with its rows
            auto gone = change::erase(kRows, row.as_object());
            const auto after = co_await change_rows(*before, std::move(gone), context);
            const bool is_settled =
                after || after.code() == SW_ABORTED || after.code() == SW_NOT_FOUND;
            if (!is_settled) co_return after.error();
        }
    }
}

}  // namespace streamwall::catalog
