#include "entries.hpp"

#include "entry.hpp"

#include <streamwall/model/rfc3339.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;
using records::number_at;
using records::text_at;

constexpr std::int64_t kIndexPage = 500;  // the store ends a reply earlier where it gets long
constexpr std::int64_t kPagesAtOnce = 50;

bj::object compare(std::string_view field, std::string_view op, bj::value value) {
    return {{"field", field}, {"op", op}, {"value", std::move(value)}};
}

bj::object all_of(bj::array filters) {
    bj::object out;
    out["and"] = std::move(filters);
    return out;
}

Result<Search> search_of(const bj::object& request) {
    std::optional<std::int64_t> since_ms;
    if (const auto since = text_at(request, "since"); !since.empty()) {
        const auto time = model::parse_time(since);
        if (!time) return Error::invalid("since must be a time as of RFC 3339", "since");
        since_ms = time->time_since_epoch().count();
    }
    return Search(text_at(request, "actor"), text_at(request, "resource"),
                  text_at(request, "resource_id"), since_ms);
}

bj::object newest_first(std::string_view collection, std::int64_t limit) {
    bj::object query{{"collection", collection}, {"limit", limit}};
    bj::object sort{{"field", "first"}, {"direction", "desc"}};
    query["sort"] = bj::array{std::move(sort)};
    return query;
}

}  // namespace

Task<Result<bj::object>> Entries::read_head(Context context) {
    auto head = co_await store_.find(kHeads, kByName, std::string(kHead), std::move(context));
    if (!head) co_return head.error();
    if (!head->has_value()) co_return bj::object{{"number", 0}, {"hash", ""}};
    co_return bj::object(std::move(**head));
}

Task<Result<Buffer>> Entries::list(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    const auto asked = json::parse_object(request);
    if (!asked) co_return asked.error();
    const auto search = search_of(*asked);
    if (!search) co_return search.error();
    const auto limit = json::to_integer(json::find_member(request, "limit")).value_or(25);
    const auto offset = json::to_integer(json::find_member(request, "offset")).value_or(0);
    Lines lines;
    Result<> read = ok();
    std::int64_t count = 0;
    if (search->takes_all()) {
        const auto head = co_await read_head(context);
        if (!head) co_return head.error();
        count = number_at(*head, "number");
        const auto highest = count - std::min(offset, count);
        read = co_await read_range(std::max<std::int64_t>(highest - limit + 1, 1), highest, lines,
                                   context);
    } else {
        const auto found = co_await find(*search, offset, limit, context);
        if (!found) co_return found.error();
        count = found->count;
        read = co_await read_found(*found, lines, context);
    }
    if (!read) co_return std::move(read).error();
    bj::array records;
    for (auto at = lines.rbegin(); at != lines.rend(); ++at)
        records.push_back(shown(at->second));
    bj::object out{{"records", std::move(records)}, {"count", count}};
    co_return Buffer(bj::serialize(out));
}

Task<Result<Entries::Found>> Entries::find(const Search& search, std::int64_t offset,
                                           std::int64_t limit, Context context) {
    auto query = newest_first(kIndex, kIndexPage);
    query["filter"] = all_of(search.filters());
    Found found;
    for (;;) {
        const auto page = co_await store_.query(query, context);
        if (!page) co_return page.error();
        for (const auto& item : page->at("records").as_array()) {
            const auto& record = item.as_object();
            const auto first = number_at(record, "first");
            std::vector<std::int64_t> matches;
            auto rest = text_at(record, "keys");
            auto number = first;
            for (; const auto keys = next_keys(rest, number_at(record, "from_ms")); ++number) {
                if (search.matches(*keys)) matches.push_back(number);
            }
            for (auto at = matches.rbegin(); at != matches.rend(); ++at) {
                const auto place = found.count++;
                if (place < offset || place - offset >= limit) continue;
                found.numbers.insert(*at);
                found.pages.insert(first);
            }
        }
        if (page->at("next_cursor").is_null()) co_return std::move(found);
        query["cursor"] = page->at("next_cursor");
    }
}

Task<Result<>> Entries::read_range(std::int64_t lowest, std::int64_t highest, Lines& lines,
                                   Context context) {
    if (highest < lowest) co_return ok();
    bj::array both;
    both.push_back(compare("first", "le", highest));
    both.push_back(compare("last", "ge", lowest));
    std::set<std::int64_t> wanted;
    for (auto number = lowest; number <= highest; ++number)
        wanted.insert(number);
    co_return co_await read_lines(all_of(std::move(both)), wanted, lines, std::move(context));
}

Task<Result<>> Entries::read_found(const Found& found, Lines& lines, Context context) {
    for (auto at = found.pages.begin(); at != found.pages.end();) {
        bj::array firsts;
        for (; at != found.pages.end() && firsts.size() < kPagesAtOnce; ++at)
            firsts.emplace_back(*at);
        auto filter = compare("first", "in", std::move(firsts));
        auto read = co_await read_lines(std::move(filter), found.numbers, lines, context);
        if (!read) co_return read;
    }
    co_return ok();
}

Task<Result<>> Entries::read_lines(bj::object filter, const std::set<std::int64_t>& wanted,
                                   Lines& lines, Context context) {
    auto query = newest_first(kPages, kPagesAtOnce);
    query["filter"] = std::move(filter);
    for (;;) {
        const auto page = co_await store_.query(query, context);
        if (!page) co_return page.error();
        for (const auto& item : page->at("records").as_array()) {
            for_each_line(text_at(item.as_object(), "entries"), [&](std::string_view text) {
                const auto line = read_line(text);
                if (line && wanted.contains(line->number)) lines[line->number] = text;
            });
        }
        if (page->at("next_cursor").is_null()) co_return ok();
        query["cursor"] = page->at("next_cursor");
    }
}

}  // namespace streamwall::audit
