#include "resource_list.hpp"

#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <Poco/UTF8String.h>

#include <algorithm>

namespace streamwall::catalog {
namespace {

std::string leaf(std::string_view field, std::string_view op, std::string_view value_json) {
    return json::Writer().text("field", field).text("op", op).raw("value", value_json).take();
}

// `values` is a JSON array. One value is compared, for which every store has the shortest way.
std::string any_of(std::string_view field, const boost::json::array& values) {
    if (values.size() == 1) return leaf(field, "eq", boost::json::serialize(values.front()));
    return leaf(field, "in", boost::json::serialize(values));
}

Result<std::string> term_of(const ListRules& rules, std::string_view name,
                            std::string_view values) {
    auto list = json::parse(values);
    if (!list || !list->is_array() || list->get_array().empty()) {
        return Error::invalid("a filter takes a list of values", std::string(name));
    }
    auto& given = list->get_array();
    const auto first = boost::json::serialize(given.front());
    if (name == "search" && !rules.searched.empty()) {
        return json::Writer().text("op", "search").raw("value", first).take();
    }
    const auto filter = std::ranges::find(rules.filters, name, &ListFilter::name);
    if (filter == rules.filters.end()) {
        return Error::invalid("there is no such filter", std::string(name));
    }
    switch (filter->match) {
        case ListFilter::Match::kFrom:
            return leaf(filter->field, "ge", first);
        case ListFilter::Match::kUntil:
            return leaf(filter->field, "le", first);
        case ListFilter::Match::kFolded:
            for (auto& value : given) {
                if (value.is_string()) value = folded(std::string_view(value.get_string()));
            }
            break;
        case ListFilter::Match::kElsewhere:
            return std::string();
        case ListFilter::Match::kAny:
            break;
    }
    return any_of(filter->field, given);
}

Result<std::string> filter_of(const ListRules& rules, std::string_view request,
                              std::string_view more) {
    std::string terms(more);
    Result<> added = ok();
    json::scan_members(json::find_member(request, "filters"),
                       [&](std::string_view name, std::string_view values) {
                           auto term = term_of(rules, name, values);
                           if (!term) {
                               added = std::move(term).error();
                               return false;
                           }
                           const bool is_first = terms.empty() || term->empty();
                           terms.append(is_first ? "" : ",").append(*term);
                           return true;
                       });
    if (!added) return std::move(added).error();
    return R"({"and":[)" + terms + "]}";
}

Result<std::string> sort_of(const ListRules& rules, std::string_view request) {
    std::string field(rules.default_sort);
    bool descending = rules.default_is_descending;
    const auto asked = json::to_plain_text(json::find_member(request, "sort")).value_or("");
    if (!asked.empty()) {
        if (rules.sorts.find(" " + std::string(asked) + " ") == rules.sorts.npos) {
            return Error::invalid("this list can't be sorted by that", std::string(asked));
        }
        field = asked;
        descending = json::find_member(request, "descending") == "true";
    }
    // Ids grow in the order of creation, and need no index of their own.
    if (field == "created_at") field = "id";
    const auto key =
        json::Writer().text("field", field).text("direction", descending ? "desc" : "asc").take();
    return "[" + key + "]";
}

}  // namespace

std::string folded(std::string_view text) {
    return Poco::UTF8::toLower(std::string(model::trim(text)));
}

std::string search_declaration(const ListRules& rules) {
    return json::Writer().raw("fields", rules.searched).take();
}

Result<std::string> to_store_query(const ListRules& rules, std::string_view request,
                                   std::string_view more) {
    const auto filter = filter_of(rules, request, more);
    if (!filter) return filter.error();
    const auto sort = sort_of(rules, request);
    if (!sort) return sort.error();
    json::Writer out;
    out.text("collection", rules.collection).raw("filter", *filter).raw("sort", *sort);
    for (const std::string_view name : {"limit", "offset", "cursor", "count"}) {
        if (const auto raw = json::find_member(request, name); !raw.empty()) out.raw(name, raw);
    }
    return out.take();
}

}  // namespace streamwall::catalog
