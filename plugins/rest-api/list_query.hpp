// The query of `GET /streams`: filters, sort and paging. Nothing in it is silently ignored.
#pragma once

#include "problem.hpp"

#include <streamwall/contracts/streams.hpp>

#include <expected>
#include <string>
#include <string_view>

namespace streamwall::rest_api {

inline constexpr std::int64_t kDefaultPerPage = 25;
inline constexpr std::int64_t kMaxPerPage = 100;

struct ListQuery {
    contracts::streams::List list;
    std::int64_t page = 1;
    std::int64_t per_page = kDefaultPerPage;
    bool by_cursor = false;
    std::string kept;  // the query without its paging, for links to other pages
};

// `query` is raw, without '?'. All mistakes are reported at once.
std::expected<ListQuery, Problem> parse_list_query(std::string_view query);

}  // namespace streamwall::rest_api
