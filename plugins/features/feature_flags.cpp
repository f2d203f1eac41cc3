#include "feature_flags.hpp"

#include "gates.hpp"

#include <streamwall/model/changes.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>

namespace streamwall::features {
namespace {

namespace bj = boost::json;
namespace names = contracts::features;
namespace change_of = records::change;
using records::number_at;
using records::text_at;

// More than administrators race for one flag.
constexpr int kMaxRounds = 20;
constexpr std::int64_t kPage = 1000;

Error no_such_flag() {
    return Error::not_found("There is no such feature flag.");
}

std::string subject_of(std::string_view key) {
    return "feature/" + std::string(key);
}

std::string key_of(std::string_view request) {
    return std::string(json::to_plain_text(json::find_member(request, "key")).value_or(""));
}

Buffer to_buffer(const bj::object& record) {
    return Buffer(bj::serialize(record));
}

// The members of `record` that `set` has, too.
bj::object counterpart(const bj::object& record, const bj::object& set) {
    bj::object out;
    for (const auto& member : set)
        out[member.key()] = record.at(member.key());
    return out;
}

// "instance@node"
std::string_view node_of(std::string_view caller) {
    const auto at = caller.find('@');
    return at == caller.npos ? std::string_view() : caller.substr(at + 1);
}

std::string_view plain_member(std::string_view object, std::string_view name) {
    return json::to_plain_text(json::find_member(object, name)).value_or("");
}

// The nodes of a request to enable or disable; an empty list where it names none.
Result<bj::array> nodes_of(std::string_view request) {
    const auto given = json::find_member(request, "nodes");
    if (given.empty()) return bj::array();
    auto value = json::parse_strict(given);
    if (!value) return std::move(value).error();
    records::FieldErrors errors;
    auto nodes = read_nodes(bj::object{{"nodes", std::move(*value)}}, errors);
    if (errors.any()) return errors.error();
    return std::move(*nodes);
}

}  // namespace

FeatureFlags::FeatureFlags(PluginBase& plugin) : services_(plugin.services()), store_(plugin) {}

Result<> FeatureFlags::resolve() {
    auto nodes = services_.resolve("kernel.nodes", "list");
    if (!nodes) return std::move(nodes).error();
    list_nodes_ = *nodes;
    return store_.resolve();
}

void FeatureFlags::learn(const bj::object& record) {
    auto flag = names::Flag::read(record);
    if (!flag) return;
    auto& known = records_[flag->key];
    if (!known.empty() && number_at(known, "version") >= flag->version) return;
    known = record;
    known.erase("changes");
    table_.put(std::move(*flag));
}

Task<Result<>> FeatureFlags::load(Context context) {
    bj::object query{{"collection", kCollection}, {"limit", kPage}};
    const auto page = co_await store_.query(query, context);
    if (!page) co_return page.error();
    for (const auto& record : page->at("records").as_array())
        learn(record.as_object());
    for (const auto& [key, enabled] : names::kBuiltIn) {
        if (records_.contains(key)) continue;
        // No event: nobody has changed anything.
        bj::object flag{{"key", key}, {"enabled", enabled}};
        bj::array changes;
        changes.push_back(change_of::insert(kCollection, std::move(flag)));
        auto added = co_await add(std::move(changes), context);
        // Another one over the same store was faster: its event comes.
        if (!added && added.code() != SW_ALREADY_EXISTS) co_return added;
    }
    co_return ok();
}

Task<Result<>> FeatureFlags::add(bj::array changes, Context context) {
    const auto results = co_await store_.apply(std::move(changes), std::move(context));
    if (!results) co_return results.error();
    learn(results->at(0).as_object());
    co_return ok();
}

Task<Result<bj::object>> FeatureFlags::find(std::string key, Context context) {
    const auto flag = co_await store_.find(kCollection, kByKey, std::move(key), std::move(context));
    if (!flag) co_return flag.error();
    if (!flag->has_value()) co_return no_such_flag();
    co_return **flag;
}

Task<Result<Buffer>> FeatureFlags::list(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    const auto limit = json::to_integer(json::find_member(request, "limit")).value_or(25);
    const auto offset = json::to_integer(json::find_member(request, "offset")).value_or(0);
    bj::object query{
        {"collection", kCollection}, {"limit", limit}, {"offset", offset}, {"count", true}};
    bj::object by_key{{"field", "key"}, {"direction", "asc"}};
    query["sort"] = bj::array{std::move(by_key)};
    const auto page = co_await store_.query(std::move(query), std::move(context));
    if (!page) co_return page.error();
    co_return to_buffer(*page);
}

Task<Result<Buffer>> FeatureFlags::get(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    const auto flag = co_await find(key_of(request), std::move(context));
    if (!flag) co_return flag.error();
    co_return to_buffer(*flag);
}

Task<Result<Buffer>> FeatureFlags::create(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    auto flag = read_flag_body(request, true);
    if (!flag) co_return std::move(flag).error();
    const std::string key(text_at(*flag, "key"));
    if (records_.size() >= kMaxFlags && !records_.contains(key)) {
        co_return Error{SW_FAILED_PRECONDITION,
                        "There are as many flags as there may be.",
                        {},
                        json::Writer().text("code", names::kTooManyFlags).take()};
    }
    bj::array changes;
    changes.push_back(change_of::insert(kCollection, std::move(*flag)));
    changes.push_back(change_of::event(names::kFeatureChanged, subject_of(key), 0));
    const auto added = co_await add(std::move(changes), context);
    if (added.code() == SW_ALREADY_EXISTS) {
        co_return Error{SW_ALREADY_EXISTS, "The key is in use.", "key",
                        R"({"errors":[{"field":"key","code":"taken","message":"is in use"}]})"};
    }
    if (!added) co_return added.error();
    co_return to_buffer(records_.find(key)->second);
}

// Reads, plans and writes in the version that was read; again where somebody was faster.
Task<Result<Buffer>> FeatureFlags::change(std::string request, Plan plan, Context context) {
    const auto key = key_of(request);
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto now = co_await find(key, context);
        if (!now) co_return now.error();
        if (auto fits = records::check_version(request, *now); !fits) co_return fits.error();
        auto set = plan(*now);
        auto changed = model::diff_changes(counterpart(*now, set), set);
        if (changed.empty()) co_return to_buffer(*now);
        bj::array changes;
        changes.push_back(change_of::update(kCollection, *now, std::move(set)));
        changes.push_back(change_of::event(names::kFeatureChanged, subject_of(key), 0,
                                           bj::object(changed, bj::storage_ptr())));
        const auto results = co_await store_.apply(std::move(changes), context);
        if (results.code() == SW_ABORTED) continue;
        if (!results) co_return results.error();
        learn(results->at(0).as_object());
        co_return to_buffer(results->at(0).as_object());
    }
    co_return Error{SW_ABORTED, "Others keep changing the flag.", {}, {}};
}

Task<Result<Buffer>> FeatureFlags::update(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    auto set = read_flag_body(request, false);
    if (!set) co_return std::move(set).error();
    Plan plan = [set = std::move(*set)](const bj::object&) { return set; };
    const auto done = co_await change(std::move(request), std::move(plan), std::move(context));
    co_return done;
}

Task<Result<Buffer>> FeatureFlags::enable(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    const auto nodes = nodes_of(request);
    if (!nodes) co_return nodes.error();
    Plan plan = [nodes = *nodes](const bj::object& now) { return enabling(now, nodes); };
    const auto done = co_await change(std::move(request), std::move(plan), std::move(context));
    co_return done;
}

Task<Result<Buffer>> FeatureFlags::disable(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    const auto nodes = nodes_of(request);
    if (!nodes) co_return nodes.error();
    bj::array known;
    if (!nodes->empty()) {
        auto all = co_await nodes_of_system(context);
        if (!all) co_return std::move(all).error();
        known = std::move(*all);
    }
    Plan plan = [nodes = *nodes, known](const bj::object& now) {
        return disabling(now, nodes, known);
    };
    const auto done = co_await change(std::move(request), std::move(plan), std::move(context));
    co_return done;
}

Task<Result<bj::array>> FeatureFlags::nodes_of_system(Context context) {
    const auto reply =
        co_await coro::call(services_, list_nodes_, Buffer("{}"), std::move(context).raw());
    if (!reply) co_return reply.error();
    const auto parsed = json::parse_object(reply->view());
    if (!parsed) co_return parsed.error();
    bj::array out;
    if (const auto* nodes = parsed->if_contains("nodes"); nodes && nodes->is_array()) {
        for (const auto& node : nodes->get_array())
            if (node.is_object()) out.emplace_back(text_at(node.get_object(), "node"));
    }
    co_return out;
}

Result<Buffer> FeatureFlags::decide(std::string_view request, const Context& context) const {
    auto actor = names::Actor::of(context.raw());
    if (const auto given = json::find_member(request, "principal"); !given.empty()) {
        actor = {.type = plain_member(given, "type"),
                 .id = plain_member(given, "id"),
                 .role = plain_member(given, "role")};
    }
    auto node = plain_member(request, "node");
    if (node.empty()) node = node_of(context.caller());
    const auto is_on = table_.is_on_at(node, key_of(request), actor);
    if (!is_on) return no_such_flag();
    return json::Writer().boolean("on", *is_on).buffer();
}

Buffer FeatureFlags::snapshot(const Context& context) const {
    bj::array flags;
    for (const auto& [key, record] : records_)
        flags.push_back(record);
    return json::Writer()
        .raw("flags", bj::serialize(flags))
        .text("node", node_of(context.caller()))
        .buffer();
}

}  // namespace streamwall::features
