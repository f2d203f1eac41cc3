#include "entries.hpp"

#include "entry.hpp"

#include <streamwall/model/rfc3339.hpp>
#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;
using records::number_at;
using records::text_at;

constexpr std::int64_t kPage = 200;
constexpr auto kPageTime = std::chrono::seconds(30);

bj::object equals(std::string_view field, std::string_view value) {
    return {{"field", field}, {"op", "eq"}, {"value", value}};
}

bj::object any_of(bj::array filters) {
    bj::object out;
    out["or"] = std::move(filters);
    return out;
}

Result<bj::array> filters_of(const bj::object& request) {
    bj::array all;
    if (const auto actor = text_at(request, "actor"); !actor.empty()) {
        bj::array either;
        either.push_back(equals("actor_id", actor));
        either.push_back(equals("actor_name", actor));
        all.push_back(any_of(std::move(either)));
    }
    for (const auto* field : {"resource", "resource_id"}) {
        if (const auto value = text_at(request, field); !value.empty())
            all.push_back(equals(field, value));
    }
    if (const auto since = text_at(request, "since"); !since.empty()) {
        const auto time = model::parse_time(since);
        if (!time) return Error::invalid("since must be a time as of RFC 3339", "since");
        all.push_back({{"field", "at"}, {"op", "ge"}, {"value", model::format_time(*time)}});
    }
    return all;
}

}  // namespace

Task<Result<Buffer>> Entries::list(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    const auto asked = json::parse_object(request);
    if (!asked) co_return asked.error();
    auto filters = filters_of(*asked);
    if (!filters) co_return std::move(filters).error();
    const auto limit = json::to_integer(json::find_member(request, "limit")).value_or(25);
    const auto offset = json::to_integer(json::find_member(request, "offset")).value_or(0);
    bj::object query{
        {"collection", kEntries}, {"limit", limit}, {"offset", offset}, {"count", true}};
    bj::object newest{{"field", "number"}, {"direction", "desc"}};
    query["sort"] = bj::array{std::move(newest)};
    if (!filters->empty()) {
        bj::object filter;
        filter["and"] = std::move(*filters);
        query["filter"] = std::move(filter);
    }
    const auto page = co_await store_.query(std::move(query), std::move(context));
    if (!page) co_return page.error();
    bj::array records;
    for (const auto& record : page->at("records").as_array())
        records.push_back(shown(record.as_object()));
    bj::object out{{"records", std::move(records)}, {"count", page->at("count")}};
    co_return Buffer(bj::serialize(out));
}

Task<Result<bool>> Entries::walk(Verifier& verifier, bj::object& expected, Context context) {
    bj::object query{{"collection", kEntries}, {"limit", kPage}};
    query["filter"] = {{"field", "number"}, {"op", "gt"}, {"value", verifier.last()}};
    bj::object ascending{{"field", "number"}, {"direction", "asc"}};
    query["sort"] = bj::array{std::move(ascending)};
    const auto page = co_await store_.query(std::move(query), std::move(context));
    if (!page) co_return page.error();
    const auto& records = page->at("records").as_array();
    for (const auto& item : records) {
        const auto& record = item.as_object();
        verifier.take(record);
        if (!expected.empty() && number_at(expected, "number") == number_at(record, "number") &&
            text_at(expected, "hash") == text_at(record, "hash")) {
            expected.clear();
        }
    }
    co_return !records.empty();
}

Task<Result<Buffer>> Entries::verify(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    const auto asked = json::parse_object(request);
    if (!asked) co_return asked.error();
    bj::object expected;
    if (const auto* given = asked->if_contains("expect"); given && given->is_object()) {
        expected = given->get_object();
    }
    const auto noted = number_at(expected, "number");
    Verifier verifier;
    bj::object head;
    // Entries may be written meanwhile: the head is read behind the last one, and they are read on
    // until both agree, or nothing more comes.
    for (bool is_more = true; is_more;) {
        const auto in_time = context.with_deadline(host_.own_context(kPageTime).deadline_ns());
        const auto walked = co_await walk(verifier, expected, in_time);
        if (!walked) co_return walked.error();
        if (*walked) continue;
        const bool was_read = !head.empty();
        const auto found = co_await store_.find(kHeads, kByName, std::string(kHead), in_time);
        if (!found) co_return found.error();
        head = found->has_value() ? **found : bj::object{{"number", 0}, {"hash", ""}};
        is_more = !was_read && number_at(head, "number") > verifier.last();
    }
    verifier.finish(head);
    bj::array flaws;
    for (const auto& [number, what] : verifier.flaws())
        flaws.push_back({{"number", number}, {"what", what}});
    if (!expected.empty()) flaws.push_back({{"number", noted}, {"what", "not as noted"}});
    bj::object last{{"number", verifier.last()}, {"hash", verifier.hash()}};
    bj::object out{{"ok", flaws.empty()}, {"entries", verifier.entries()}};
    out["head"] = std::move(last);
    out["flaws"] = std::move(flaws);
    co_return Buffer(bj::serialize(out));
}

}  // namespace streamwall::audit
