// From the filters of `catalog.streams.list` to a query of the store. Pure.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace streamwall::catalog {

struct StreamQuery {
    std::string filter;  // of the store; the same for every spelling of the same filters
    std::string page;    // members of the store's request but what it is to add: the list itself
    bool has_count = false;   // is asked for
    bool has_cursor = false;  // goes on behind a record, not at `offset`
    std::int64_t limit = 0;
    std::int64_t offset = 0;

    // The request of `store.query`; `more`: further members, each behind a comma.
    std::string request(std::string_view more = {}) const {
        return "{" + page + (has_count ? R"(,"count":true)" : "") + std::string(more) + "}";
    }
};

// What a request of `list` asks of the store; INVALID_ARGUMENT names what is wrong with it.
Result<StreamQuery> to_stream_query(std::string_view list_request);
// The same as the text of the request.
Result<std::string> to_store_query(std::string_view list_request);

}  // namespace streamwall::catalog
