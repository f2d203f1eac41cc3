// The query of a list, such as `GET /streams`: filters, sort and paging. Nothing in it is silently
// ignored.
#pragma once

#include "problem.hpp"

#include <streamwall/contracts/streams.hpp>

#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace streamwall::rest_api {

inline constexpr std::int64_t kDefaultPerPage = 25;
inline constexpr std::int64_t kMaxPerPage = 100;

// What a list may be asked for.
struct ListParameter {
    enum class Kind {
        kWords,
        kUrl,
        kText,
        kChoice,
        kId,
        kBoolean,
        kTime,
        kDay,      // a time, or the beginning of a day
        kEndOfDay  // a time, or the end of a day
    };
    std::string_view name;
    std::string_view filter;  // of the service
    Kind kind = Kind::kText;
    std::span<const std::string_view> choices = {};  // of kChoice, lower case
};
struct ListSort {
    std::string_view name;
    std::string_view field;
    bool descending = false;  // the name says so
};
struct ListRules {
    std::span<const ListParameter> filters;
    std::span<const ListSort> sorts;
};

struct ListQuery {
    contracts::streams::List list;
    std::int64_t page = 1;
    std::int64_t per_page = kDefaultPerPage;
    bool by_cursor = false;
    std::string kept;  // the query without its paging, for links to other pages
};

// `query` is raw, without '?'. All mistakes are reported at once.
std::expected<ListQuery, Problem> parse_list_query(std::string_view query, const ListRules& rules);
// The same for the list of streams.
std::expected<ListQuery, Problem> parse_list_query(std::string_view query);

}  // namespace streamwall::rest_api
