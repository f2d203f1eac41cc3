// audit.entries verify: every page from the first to the last, and the index beside it.
#include "entries.hpp"

#include "entry.hpp"

#include <streamwall/model/rfc3339.hpp>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;
using records::number_at;
using records::text_at;

constexpr std::int64_t kPagesAtOnce = 20;
constexpr auto kPageTime = std::chrono::seconds(30);

// Whether a search by any of these would find the entries of the page. It may have grown before its
// index was read: then those that are known here come first.
bool is_indexed(const bj::object& page, const bj::object& index) {
    const auto from_ms = number_at(index, "from_ms");
    auto until_ms = from_ms;
    std::string keys;
    bool is_whole = true;
    for_each_line(text_at(page, "entries"), [&](std::string_view line) {
        boost::system::error_code failed;
        const auto parsed = bj::parse(line, failed);
        const auto* entry = failed ? nullptr : parsed.if_object();
        const auto* actor = entry == nullptr ? nullptr : entry->if_contains("actor");
        is_whole = is_whole && actor != nullptr && actor->is_object();
        if (!is_whole) return;
        const auto at = model::parse_time(text_at(*entry, "at"));
        const auto at_ms = at ? at->time_since_epoch().count() : 0;
        until_ms = std::max(until_ms, at_ms);
        append_keys(
            keys, number_at(*entry, "sequence"), at_ms - from_ms,
            entry_keys(text_at(*entry, "resource"), text_at(*entry, "resource_id"),
                       text_at(actor->get_object(), "id"), text_at(actor->get_object(), "name")));
    });
    const bool has_grown = number_at(index, "last") > number_at(page, "last");
    const auto indexed = text_at(index, "keys");
    return is_whole && (has_grown ? indexed.starts_with(keys) : indexed == keys) &&
           until_ms <= number_at(index, "until_ms");
}

}  // namespace

Task<Result<Entries::Pages>> Entries::index_of(const bj::array& pages, Context context) {
    bj::array firsts;
    for (const auto& page : pages)
        firsts.push_back(page.at("first"));
    bj::object query{{"collection", kIndex}, {"limit", kPagesAtOnce}};
    query["filter"] = {{"field", "first"}, {"op", "in"}, {"value", std::move(firsts)}};
    Pages out;
    for (;;) {
        const auto found = co_await store_.query(query, context);
        if (!found) co_return found.error();
        for (const auto& record : found->at("records").as_array())
            out[number_at(record.as_object(), "first")] = record.as_object();
        if (found->at("next_cursor").is_null()) co_return std::move(out);
        query["cursor"] = found->at("next_cursor");
    }
}

Task<Result<bool>> Entries::walk(Walk& walk, Context context) {
    bj::object query{{"collection", kPages}, {"limit", kPagesAtOnce}};
    query["filter"] = {{"field", "first"}, {"op", "gt"}, {"value", walk.first}};
    bj::object ascending{{"field", "first"}, {"direction", "asc"}};
    query["sort"] = bj::array{std::move(ascending)};
    const auto page = co_await store_.query(std::move(query), context);
    if (!page) co_return page.error();
    const auto& records = page->at("records").as_array();
    if (records.empty()) co_return false;
    const auto index = co_await index_of(records, std::move(context));
    if (!index) co_return index.error();
    for (const auto& item : records) {
        const auto& record = item.as_object();
        walk.first = number_at(record, "first");
        for_each_line(text_at(record, "entries"), [&](std::string_view text) { walk.take(text); });
        const auto found = index->find(walk.first);
        if (found == index->end() || !is_indexed(record, found->second)) {
            walk.verifier.hidden(walk.first);
        }
    }
    co_return true;
}

// What was written since the walk began is left to the next.
void Entries::Walk::take(std::string_view text) {
    const auto line = read_line(text);
    const auto number = line ? line->number : 0;
    highest = std::max(highest, number);
    if (number > number_at(head, "number")) return;
    verifier.take(text);
    if (line && !expected.empty() && number_at(expected, "number") == number &&
        text_at(expected, "hash") == line->hash) {
        expected.clear();
    }
}

Task<Result<Buffer>> Entries::verify(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    const auto asked = json::parse_object(request);
    if (!asked) co_return asked.error();
    Walk state;
    if (const auto* given = asked->if_contains("expect"); given && given->is_object()) {
        state.expected = given->get_object();
    }
    const auto noted = number_at(state.expected, "number");
    const auto in_time = [&] {
        return context.with_deadline(host_.own_context(kPageTime).deadline_ns());
    };
    auto head = co_await read_head(in_time());
    if (!head) co_return head.error();
    state.head = std::move(*head);
    for (bool is_more = true; is_more;) {
        const auto walked = co_await walk(state, in_time());
        if (!walked) co_return walked.error();
        is_more = *walked;
    }
    auto& verifier = state.verifier;
    verifier.finish(number_at(state.head, "number"), text_at(state.head, "hash"));
    head = co_await read_head(in_time());
    if (!head) co_return head.error();
    verifier.added(number_at(*head, "number"), state.highest);
    bj::array flaws;
    for (const auto& [number, what] : verifier.flaws())
        flaws.push_back({{"number", number}, {"what", what}});
    if (!state.expected.empty()) flaws.push_back({{"number", noted}, {"what", "not as noted"}});
    bj::object last{{"number", verifier.last()}, {"hash", verifier.hash()}};
    bj::object out{{"ok", flaws.empty()}, {"entries", verifier.entries()}};
    out["head"] = std::move(last);
    out["flaws"] = std::move(flaws);
    co_return Buffer(bj::serialize(out));
}

}  // namespace streamwall::audit
