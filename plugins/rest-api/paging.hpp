// Plain lists, by page alone: what `?page=` and `?per_page=` ask for, and the answer around
// records.
#pragma once

#include "problem.hpp"

#include <cstdint>
#include <expected>
#include <string_view>

namespace streamwall::rest_api {

struct Paging {
    std::int64_t page = 1;
    std::int64_t per_page = 25;

    std::int64_t offset() const { return (page - 1) * per_page; }
};

// `query` is raw, without '?'. Any other parameter is refused.
std::expected<Paging, Problem> parse_paging(std::string_view query);

// {NAME:[…],"meta":{…}} out of {"records":[…],"count":n}.
Buffer paged(const Paging& paging, std::string_view name, std::string_view reply);

}  // namespace streamwall::rest_api
