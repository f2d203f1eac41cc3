#include "keys.hpp"

#include <streamwall/model/rfc3339.hpp>
#include <streamwall/model/text.hpp>

#include <algorithm>
#include <array>

namespace streamwall::accounts {
namespace {

namespace bj = boost::json;
namespace names = contracts::accounts;
using std::chrono::milliseconds;

constexpr std::size_t kMaxName = 255;
constexpr std::string_view kWrapper = "api_key";
constexpr std::array<std::string_view, 6> kHidden = {"hash",      "old_hash",   "old_hash_until",
                                                     "fixed_end", "told_state", "version"};

// What events tell of a key. Not the record, which holds the hash of its secret.
bj::object told(const bj::object& key, const bj::object& set = {}) {
    bj::object out;
    for (const auto* name :
         {"id", "name", "prefix", "scopes", "rate_class", "expires_at", "revoked_at"})
        out[name] = set.contains(name) ? set.at(name) : key.at(name);
    out["version"] = number_at(key, "version") + (set.empty() ? 0 : 1);
    return out;
}

bj::object told_event(std::string_view type, const bj::object& key, const bj::object& set = {}) {
    bj::object changes;
    for (const auto* name : {"prefix", "expires_at", "revoked_at"}) {
        if (set.contains(name)) changes[name] = {{"from", key.at(name)}, {"to", set.at(name)}};
    }
    const auto subject = "api_key/" + std::to_string(number_at(key, "id"));
    return change::event(type, subject, told(key, set), std::move(changes));
}

void read_scopes(const bj::object& body, bj::object& record, FieldErrors& errors) {
    const auto* given = body.if_contains("scopes");
    if (given == nullptr || given->is_null())
        return errors.add("scopes", "required", "is required");
    const auto is_scope = [](const bj::value& scope) {
        return scope.is_string() &&
               std::ranges::find(names::kScopes, std::string_view(scope.get_string())) !=
                   names::kScopes.end();
    };
    const auto* list = given->if_array();
    if (list == nullptr || list->empty() || list->size() > names::kScopes.size() ||
        !std::ranges::all_of(*list, is_scope)) {
        std::string known;
        for (const auto scope : names::kScopes)
            known.append(known.empty() ? "" : ", ").append(scope);
        return errors.add("scopes", "unknown_value", "must be a list of some of " + known);
    }
    record["scopes"] = *list;
}

}  // namespace

// A key as it is shown; with its secret where that was made now, which nobody is shown again.
bj::object Keys::shown(const bj::object& key, std::string_view secret) const {
    bj::object out;
    for (const auto& member : key) {
        const std::string_view name = member.key();
        if (std::ranges::find(kHidden, name) == kHidden.end()) out[name] = member.value();
    }
    const auto now = parts_.host.wall_ms();
    out["state"] = to_string(state_of(key, parts_.key_policy(), now));
    out["age_days"] = age_days(key, now);
    if (!secret.empty()) out["key"] = secret;
    out["version"] = key.at("version");  // the last member, where readers look for it
    return out;
}

Buffer Keys::to_buffer(const bj::object& key, std::string_view secret) const {
    return Buffer(bj::serialize(shown(key, secret)));
}

Result<bj::object> Keys::read_new(std::string_view request) const {
    const auto body = read_body(request, kWrapper);
    if (!body) return body.error();
    FieldErrors errors;
    bj::object record;
    const auto name = read_text(*body, "name", kMaxName, errors);
    if (name && !model::trim(*name).empty()) record["name"] = model::trim(*name);
    if (!record.contains("name") && !errors.any()) errors.add("name", "required", "is required");
    read_scopes(*body, record, errors);
    if (auto rate = read_word(*body, "rate_class", {"user", "service"}, errors)) {
        record["rate_class"] = *rate;
    }
    const auto longest = parts_.settings.key_lifetime;
    record["expires_at"] = parts_.time_text(longest);
    if (const auto given = read_text(*body, "expires_at", kMaxName, errors)) {
        const auto end = model::parse_time(*given);
        const auto now = milliseconds(parts_.host.wall_ms());
        if (!end || end->time_since_epoch() <= now || end->time_since_epoch() > now + longest) {
            errors.add("expires_at", "out_of_range",
                       "must be a time to come, no later than " + parts_.time_text(longest));
        } else {
            record["expires_at"] = model::format_time(*end);
            record["fixed_end"] = true;
        }
    }
    refuse_unknown(*body, request, {"name", "scopes", "rate_class", "expires_at"}, errors);
    if (errors.any()) return errors.error();
    return record;
}

Task<Result<bj::object>> Keys::find(std::string request, Context context) {
    if (!is_admin(context)) co_return not_admin();
    const auto id = id_of(request);
    const auto key = co_await parts_.store.find(kKeyCollection, id, std::move(context));
    if (!key) co_return key.error();
    if (!key->has_value()) co_return Error::not_found("There is no such key.");
    co_return **key;
}

Task<Result<Buffer>> Keys::list(std::string request, Context context) {
    if (!is_admin(context)) co_return not_admin();
    const auto page =
        co_await list_records(parts_, kKeyCollection, std::move(request), std::move(context));
    if (!page) co_return page.error();
    bj::array records;
    for (const auto& key : page->at("records").as_array())
        records.push_back(shown(key.as_object()));
    bj::object out{{"records", std::move(records)},
                   {"count", page->at("count")},
                   {"next_cursor", page->at("next_cursor")}};
    co_return Buffer(bj::serialize(out));
}

Task<Result<Buffer>> Keys::get(std::string request, Context context) {
    const auto key = co_await find(std::move(request), std::move(context));
    if (!key) co_return key.error();
    co_return to_buffer(*key);
}

Task<Result<Buffer>> Keys::create(std::string request, Context context) {
    if (!is_admin(context)) co_return not_admin();
    auto record = read_new(request);
    if (!record) co_return std::move(record).error();
    const auto secret = make_key_text();
    (*record)["prefix"] = prefix_of_key(secret);
    (*record)["hash"] = crypto::sha256_hex(secret);
    bj::array changes;
    changes.push_back(change::insert(kKeyCollection, std::move(*record)));
    const auto results = co_await parts_.store.apply(std::move(changes), context);
    if (!results) co_return results.error();
    // Only now its id is known. A key that nobody was told of is of no use to anybody.
    bj::array told;
    told.push_back(told_event(names::kKeyCreated, results->at(0).as_object()));
    const auto announced = co_await parts_.store.apply(std::move(told), std::move(context));
    if (!announced) co_return announced.error();
    co_return to_buffer(results->at(0).as_object(), secret);
}

Task<Result<Buffer>> Keys::rotate(std::string request, Context context) {
    const auto key = co_await find(std::move(request), context);
    if (!key) co_return key.error();
    if (!key->at("revoked_at").is_null()) {
        co_return Error{SW_ABORTED, "The key is revoked.", {}, {}};
    }
    const auto secret = make_key_text();
    bj::object set{{"prefix", prefix_of_key(secret)}, {"hash", crypto::sha256_hex(secret)}};
    set["old_hash"] = key->at("hash");
    set["old_hash_until"] = parts_.time_text(parts_.settings.key_overlap);
    set["expires_at"] = parts_.time_text(parts_.settings.key_lifetime);
    set["rotated_at"] = parts_.time_text();
    set["fixed_end"] = false;
    set["told_state"] = to_string(KeyState::kActive);
    bj::array changes;
    changes.push_back(told_event(names::kKeyRotated, *key, set));
    changes.push_back(change::update(kKeyCollection, *key, std::move(set)));
    const auto results = co_await parts_.store.apply(std::move(changes), context);
    if (!results) co_return results.error();
    parts_.teller.tell("key", number_at(*key, "id"), context);
    co_return to_buffer(results->at(1).as_object(), secret);
}

Task<Result<Buffer>> Keys::revoke(std::string request, Context context) {
    const auto key = co_await find(std::move(request), context);
    if (!key) co_return key.error();
    if (!key->at("revoked_at").is_null()) co_return to_buffer(*key);
    bj::object set{{"revoked_at", parts_.time_text()}};
    bj::array changes;
    changes.push_back(told_event(names::kKeyRevoked, *key, set));
    changes.push_back(change::update(kKeyCollection, *key, std::move(set)));
    const auto results = co_await parts_.store.apply(std::move(changes), context);
    if (!results) co_return results.error();
    parts_.teller.tell("key", number_at(*key, "id"), context);
    co_return to_buffer(results->at(1).as_object());
}

// Those that are due, overdue or have ended, but for those of which that is known.
bj::object Keys::aged_query(const bj::value& cursor) const {
    constexpr std::int64_t kAtOnce = 100;
    bj::array all;
    all.push_back({{"field", "revoked_at"}, {"op", "eq"}, {"value", nullptr}});
    all.push_back({{"field", "told_state"}, {"op", "ne"}, {"value", to_string(KeyState::kEnded)}});
    all.push_back({{"field", "expires_at"},
                   {"op", "le"},
                   {"value", parts_.time_text(parts_.settings.key_warning)}});
    bj::object filter;
    filter["and"] = std::move(all);
    bj::object query{{"collection", kKeyCollection}, {"limit", kAtOnce}};
    query["filter"] = std::move(filter);
    if (cursor.is_string()) query["cursor"] = cursor;
    return query;
}

Task<> Keys::flag(bj::object key, KeyState state, Context context) {
    const auto name = to_string(state);
    bj::object set{{"told_state", name}};
    auto event = told_event(names::kKeyFlagged, key, set);
    event["data"].as_object()["state"] = name;
    event["changes"] = {{"state", {{"from", key.at("told_state")}, {"to", name}}}};
    bj::array changes;
    changes.push_back(std::move(event));
    changes.push_back(change::update(kKeyCollection, key, std::move(set)));
    const auto done = co_await parts_.store.apply(std::move(changes), std::move(context));
    if (done.code() == SW_ABORTED) co_return;  // it has changed meanwhile; the next look sees how
    if (!done) {
        parts_.host.log().warn("accounts.key_not_flagged", done.error().message);
        co_return;
    }
    parts_.host.log().warn("accounts.key_flagged", "a service key wants to be rotated",
                           {{"key", text_at(key, "prefix")},
                            {"name", text_at(key, "name")},
                            {"state", name},
                            {"expires_at", text_at(key, "expires_at")}});
}

Task<Result<Keys::Ages>> Keys::flag_aged(Context context) {
    Ages ages;
    bj::value cursor;
    do {
        const auto page = co_await parts_.store.query(aged_query(cursor), context);
        if (!page) co_return page.error();
        for (const auto& item : page->at("records").as_array()) {
            const auto& key = item.as_object();
            const auto state = state_of(key, parts_.key_policy(), parts_.host.wall_ms());
            ages.due += state == KeyState::kDue ? 1 : 0;
            ages.overdue += state == KeyState::kOverdue ? 1 : 0;
            if (text_at(key, "told_state") != to_string(state)) {
                co_await flag(key, state, context);
            }
        }
        cursor = page->at("next_cursor");
    } while (cursor.is_string());
    co_return ages;
}

}  // namespace streamwall::accounts
