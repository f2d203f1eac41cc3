#include "keys.hpp"

#include <streamwall/model/rfc3339.hpp>
#include <streamwall/model/text.hpp>

#include <algorithm>

namespace streamwall::accounts {
namespace {

namespace bj = boost::json;
namespace names = contracts::accounts;
using std::chrono::milliseconds;

constexpr std::size_t kMaxName = 255;
constexpr std::string_view kWrapper = "api_key";

// A key as it is shown.
bj::object shown(const bj::object& key) {
    bj::object out;
    for (const auto& member : key) {
        const std::string_view name = member.key();
        if (name == "hash" || name == "old_hash" || name == "old_hash_until") continue;
        out[name] = member.value();
    }
    return out;
}

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
    bj::object out{{"op", "event"}, {"type", type}, {"version", "1.0"}};
    out["subject"] = "api_key/" + std::to_string(number_at(key, "id"));
    out["data"] = told(key, set);
    if (!changes.empty()) out["changes"] = std::move(changes);
    return out;
}

Buffer to_buffer(const bj::object& key) {
    return Buffer(bj::serialize(shown(key)));
}

// With its secret, which nobody is shown again.
Buffer with_secret(const bj::object& key, std::string_view secret) {
    auto out = shown(key);
    // The version stays the last member, where readers look for it.
    const auto version = out.at("version");
    out.erase("version");
    out["key"] = secret;
    out["version"] = version;
    return Buffer(bj::serialize(out));
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
    co_return with_secret(results->at(0).as_object(), secret);
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
    bj::array changes;
    changes.push_back(told_event(names::kKeyRotated, *key, set));
    changes.push_back(change::update(kKeyCollection, *key, std::move(set)));
    const auto results = co_await parts_.store.apply(std::move(changes), context);
    if (!results) co_return results.error();
    parts_.tell_changed("key", number_at(*key, "id"), context);
    co_return with_secret(results->at(1).as_object(), secret);
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
    parts_.tell_changed("key", number_at(*key, "id"), context);
    co_return to_buffer(results->at(1).as_object());
}

Task<Result<std::int64_t>> Keys::warn(Context context) {
    constexpr std::int64_t kMost = 100;
    bj::array both;
    both.push_back({{"field", "revoked_at"}, {"op", "null"}, {"value", true}});
    both.push_back(
        {{"field", "expires_at"},
         {"op", "range"},
         {"value", {parts_.time_text(), parts_.time_text(parts_.settings.key_warning)}}});
    bj::object filter;
    filter["and"] = std::move(both);
    bj::object query{{"collection", kKeyCollection}, {"limit", kMost}, {"count", true}};
    query["filter"] = std::move(filter);
    const auto page = co_await parts_.store.query(std::move(query), std::move(context));
    if (!page) co_return page.error();
    std::string ending;
    for (const auto& item : page->at("records").as_array()) {
        const auto& key = item.as_object();
        ending.append(ending.empty() ? "" : ", ").append(text_at(key, "prefix"));
        ending.append(" until ").append(text_at(key, "expires_at"));
    }
    if (!ending.empty() && ending != warned_) {
        parts_.host.log().warn("accounts.keys_end", "service keys end soon; rotate them",
                               {{"keys", ending}});
    }
    warned_ = std::move(ending);
    co_return number_at(*page, "count");
}

}  // namespace streamwall::accounts
