#include "resource.hpp"

#include "input.hpp"

#include <streamwall/contracts/streams.hpp>
#include <streamwall/model/changes.hpp>
#include <streamwall/records/requests.hpp>

#include <algorithm>
#include <random>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;
namespace change = records::change;

// More than callers can race for one record within their deadlines.
constexpr int kMaxRounds = 100;
constexpr std::int64_t kPage = 1000;

Flow<std::monostate> nothing() {
    co_return ok();
}

// Which change an error is about: 2 for "changes[2].value"; -1 where it doesn't say.
std::int64_t change_index(std::string_view where) {
    constexpr std::string_view kHead = "changes[";
    if (!where.starts_with(kHead)) return -1;
    where.remove_prefix(kHead.size());
    return json::to_integer(where.substr(0, where.find(']'))).value_or(-1);
}

bool is_hidden(std::span<const std::string_view> hidden, std::string_view name) {
    return std::ranges::find(hidden, name) != hidden.end();
}

}  // namespace

bj::object shown_record(const bj::object& record, std::span<const std::string_view> hidden,
                        bj::object more) {
    bj::object out;
    for (const auto& member : record) {
        const std::string_view name = member.key();
        if (name == "created_at") {
            for (auto& added : more)
                out[added.key()] = std::move(added.value());
        }
        if (!is_hidden(hidden, name)) out[name] = member.value();
    }
    return out;
}

void refuse_null(const Body& body, std::initializer_list<std::string_view> names,
                 records::FieldErrors& errors) {
    for (const auto name : names) {
        const auto* given = body.members.if_contains(name);
        if (given != nullptr && given->is_null()) errors.add(name, "type", "must not be null");
    }
}

std::string make_handle() {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::random_device random;
    std::string out;
    for (int i = 0; i < 32; ++i)
        out += kHex[random() & 15];
    return out;
}

Result<> Resource::derive(Object&, const Object*, const Context&) const {
    return ok();
}
Flow<std::monostate> Resource::add_changes(Array&, Object&, const Object*, Context) {
    return nothing();
}
Flow<std::string> Resource::filter_elsewhere(std::string, Context) const {
    co_return std::string();
}
Flow<std::monostate> Resource::complete(Array&, Context) {
    return nothing();
}

Error Resource::not_found() const {
    return Error::not_found("There is no such " + std::string(kind_.title) + ".");
}

std::string Resource::event_type(std::string_view verb) const {
    return std::string(kind_.name).append(".").append(verb);
}

// What stands in the way, by the name that clients know.
Error Resource::taken(const Error& error) const {
    std::string field;
    json::scan_items(json::find_member(error.details, "errors"), [&](std::string_view item) {
        field = json::to_plain_text(json::find_member(item, "field")).value_or("");
        return false;
    });
    const std::string shown(shown_field(field));
    bj::array errors;
    errors.push_back({{"field", shown}, {"code", "taken"}, {"message", "is in use"}});
    bj::object details{{"errors", std::move(errors)}};
    details["id"] = contracts::store::detail_number(error, "id");
    details["change"] = change_index(error.where);
    return {SW_ALREADY_EXISTS, shown + " is in use", shown, bj::serialize(details)};
}

Result<bj::object> Resource::found(Result<Buffer> reply) const {
    if (reply.code() == SW_NOT_FOUND) return not_found();
    if (!reply) return std::move(reply).error();
    return json::parse_object(reply->view());
}

Flow<bj::object> Resource::find(std::int64_t id, Context context) const {
    if (id <= 0) co_return not_found();
    auto reply = co_await asked([&](Reply done) {
        store_.call(StorePort::Method::kGet, contracts::store::get_request(kind_.collection, id),
                    context.raw(), std::move(done));
    });
    co_return found(std::move(reply));
}

Flow<bj::object> Resource::find_by(std::string_view unique, Array values, Context context) const {
    bj::object request{{"collection", kind_.collection}, {"unique", unique}};
    request["values"] = std::move(values);
    const Buffer body(bj::serialize(request));
    auto reply = co_await asked([&](Reply done) {
        store_.call(StorePort::Method::kGet, body, context.raw(), std::move(done));
    });
    co_return found(std::move(reply));
}

Flow<bj::object> Resource::query(std::string request, Context context) const {
    auto reply = co_await asked([&](Reply done) {
        store_.call(StorePort::Method::kQuery, Buffer(request), context.raw(), std::move(done));
    });
    if (!reply) co_return std::move(reply).error();
    co_return json::parse_object(reply->view());
}

Flow<bj::object> Resource::query(Object request, Context context) const {
    return query(bj::serialize(request), std::move(context));
}

Flow<bj::array> Resource::query_all(Object query, Context context) const {
    query["limit"] = kPage;
    bj::array out;
    for (;;) {
        auto page = co_await this->query(query, context);
        if (!page) co_return std::move(page).error();
        for (auto& record : page->at("records").as_array())
            out.push_back(std::move(record));
        const auto cursor = page->at("next_cursor");
        if (!cursor.is_string()) co_return out;
        query["cursor"] = cursor;
    }
}

Flow<std::monostate> Resource::expect_streams(Array ids, std::string field, Context context) const {
    if (ids.empty()) co_return ok();
    const auto count = ids.size();
    bj::object filter{{"field", "id"}, {"op", "in"}};
    filter["value"] = std::move(ids);
    bj::object query{{"collection", contracts::streams::kCollection}};
    query["filter"] = std::move(filter);
    const auto found = co_await query_all(std::move(query), std::move(context));
    if (!found) co_return found.error();
    if (found->size() == count) co_return ok();
    records::FieldErrors errors;
    errors.add(field, "not_found", "is the id of no stream");
    co_return errors.error();
}

Flow<std::int64_t> Resource::count_streams(std::string_view field, std::int64_t id,
                                           Context context) const {
    bj::array both;
    both.push_back({{"field", "archived"}, {"op", "in"}, {"value", {false, true}}});
    both.push_back({{"field", field}, {"op", "eq"}, {"value", id}});
    bj::object query{{"collection", contracts::streams::kCollection}, {"limit", 1}};
    query["count"] = true;
    query["filter"] = bj::object{{"and", std::move(both)}};
    const auto page = co_await this->query(std::move(query), std::move(context));
    if (!page) co_return page.error();
    co_return page->at("count").as_int64();
}

Flow<bj::array> Resource::apply(Array changes, Context context) {
    bj::object request;
    request["changes"] = std::move(changes);
    const Buffer body(bj::serialize(request));
    auto reply = co_await asked([&](Reply done) {
        store_.call(StorePort::Method::kApply, body, context.raw(), std::move(done));
    });
    changed();  // also where the outcome is unknown
    if (reply.code() == SW_ALREADY_EXISTS) co_return taken(reply.error());
    if (!reply) co_return std::move(reply).error();
    auto parsed = json::parse_object(reply->view());
    if (!parsed) co_return std::move(parsed).error();
    co_return bj::array(std::move(parsed->at("results").as_array()));
}

Flow<> Resource::shown(Object record, Context context) {
    if (is_complete()) co_return Buffer(bj::serialize(record));
    bj::array one;
    one.push_back(std::move(record));
    if (auto done = co_await complete(one, std::move(context)); !done) {
        co_return std::move(done).error();
    }
    co_return Buffer(bj::serialize(one.front()));
}

Flow<> Resource::get(std::string request, Context context) {
    auto record = co_await find(records::id_of(request), context);
    if (!record) co_return std::move(record).error();
    co_return co_await shown(std::move(*record), std::move(context));
}

Flow<> Resource::list(std::string request, Context context) {
    const auto elsewhere = co_await filter_elsewhere(request, context);
    if (!elsewhere) co_return elsewhere.error();
    const auto asked_for = to_store_query(kind_.list, request, *elsewhere);
    if (!asked_for) co_return asked_for.error();
    if (is_complete()) {
        co_return co_await asked([&](Reply done) {
            store_.call(StorePort::Method::kQuery, Buffer(*asked_for), context.raw(),
                        std::move(done));
        });
    }
    auto page = co_await query(*asked_for, context);
    if (!page) co_return std::move(page).error();
    auto done = co_await complete(page->at("records").as_array(), std::move(context));
    if (!done) co_return std::move(done).error();
    co_return Buffer(bj::serialize(*page));
}

Result<Body> Resource::read_request(std::string_view request, model::InputMode mode) const {
    auto members = records::read_body(request, kind_.wrapper);
    if (!members) return std::move(members).error();
    return Body{.members = std::move(*members), .mode = mode, .request = request};
}

Flow<bj::object> Resource::insert(Object values, Context context) {
    if (auto derived = derive(values, nullptr, context); !derived) {
        co_return std::move(derived).error();
    }
    bj::array further;
    auto added = co_await add_changes(further, values, nullptr, context);
    if (!added) co_return std::move(added).error();
    bj::array changes;
    changes.push_back(change::insert(kind_.collection, std::move(values)));
    changes.push_back(change::event(event_type("created"), std::string(kind_.name) + "/{id}", 0));
    for (auto& each : further)
        changes.push_back(std::move(each));
    auto results = co_await apply(std::move(changes), std::move(context));
    if (!results) co_return std::move(results).error();
    co_return bj::object(std::move(results->front().as_object()));
}

Result<> Resource::check(const Object& body, const Context& context) const {
    auto values = read({.members = body, .request = "{}"});
    if (!values) return std::move(values).error();
    return derive(*values, nullptr, context);
}

Flow<> Resource::create(std::string request, Context context) {
    auto body = read_request(request, model::InputMode::kCreate);
    if (!body) co_return std::move(body).error();
    auto values = read(*body);
    if (!values) co_return std::move(values).error();
    auto record = co_await insert(std::move(*values), context);
    if (!record) co_return std::move(record).error();
    co_return co_await shown(std::move(*record), std::move(context));
}

Flow<> Resource::update(std::string request, Context context) {
    auto body = read_request(request, update_mode(request));
    if (!body) co_return std::move(body).error();
    auto values = read(*body);
    if (!values) co_return std::move(values).error();
    co_return co_await set_values(std::move(request), std::move(*values), std::move(context));
}

// The record after the change; as it is where nothing differs.
Flow<bj::object> Resource::change_once(const std::string& request, Object values,
                                       const Object& before, Context context) {
    if (auto fits = records::check_version(request, before); !fits) {
        co_return std::move(fits).error();
    }
    if (auto derived = derive(values, &before, context); !derived) {
        co_return std::move(derived).error();
    }
    bj::array further;
    auto added = co_await add_changes(further, values, &before, context);
    if (!added) co_return std::move(added).error();
    bj::object old;
    for (const auto& member : values)
        old[member.key()] = before.at(member.key());
    auto differences = model::diff_changes(old, values);
    if (differences.empty() && further.empty()) co_return bj::object(before);
    bj::object set;
    for (const auto& [name, difference] : differences)
        set[name] = difference.at("to");
    // What is kept beside the record counts as a change of it, too.
    if (set.empty()) set[kind_.hidden.front()] = before.at(kind_.hidden.front());
    for (const auto name : kind_.hidden)
        differences.erase(name);
    const auto subject =
        std::string(kind_.name) + "/" + std::to_string(records::number_at(before, "id"));
    bj::array changes;
    changes.push_back(change::update(kind_.collection, before, std::move(set)));
    changes.push_back(change::event(event_type("updated"), subject, 0, std::move(differences)));
    for (auto& each : further)
        changes.push_back(std::move(each));
    auto results = co_await apply(std::move(changes), std::move(context));
    if (!results) co_return std::move(results).error();
    co_return bj::object(std::move(results->front().as_object()));
}

Flow<> Resource::set_values(std::string request, Object values, Context context) {
    for (int round = 1;; ++round) {
        const auto before = co_await find(records::id_of(request), context);
        if (!before) co_return before.error();
        auto after = co_await change_once(request, values, *before, context);
        if (after) co_return co_await shown(std::move(*after), std::move(context));
        if (after.code() != SW_ABORTED || round == kMaxRounds) co_return after.error();
    }
}

Flow<> Resource::remove(std::string request, Context context) {
    for (int round = 1;; ++round) {
        const auto record = co_await find(records::id_of(request), context);
        if (!record) co_return record.error();
        if (auto fits = records::check_version(request, *record); !fits) co_return fits.error();
        const auto subject =
            std::string(kind_.name) + "/" + std::to_string(records::number_at(*record, "id"));
        bj::array changes;
        changes.push_back(change::erase(kind_.collection, *record));
        changes.push_back(change::event(event_type("deleted"), subject, 0));
        auto added = co_await add_removals(changes, *record, context);
        if (!added) co_return added.error();
        const auto results = co_await apply(std::move(changes), context);
        if (results) co_return Buffer(bj::serialize(shown_record(*record, kind_.hidden, {})));
        if (results.code() != SW_ABORTED || round == kMaxRounds) co_return results.error();
    }
}

}  // namespace streamwall::catalog
