// Any bytes as the query of a list: refused with a reason, or a request that is well-formed JSON.
#include "conditional.hpp"
#include "list_query.hpp"
#include "media_types.hpp"

#include <streamwall/sdk/json.hpp>

#include <heap_buffers.hpp>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace streamwall;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto query = rest_api::parse_list_query(text);
    if (!query) {
        if (query.error().status != 400 || query.error().detail.empty()) std::abort();
    } else {
        if (!json::parse_strict(query->list.request().view())) std::abort();
        if (query->per_page < 1 || query->per_page > 100 || query->list.offset < 0) std::abort();
    }
    rest_api::accepted_versions(text);
    rest_api::matches_none_match(text, "\"1\"");
    rest_api::is_json_body(text);
    rest_api::accepts_version_one(text);
    return 0;
}
