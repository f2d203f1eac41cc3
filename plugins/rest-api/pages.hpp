// What surrounds the records of a list: `meta`, and the links of RFC 8288.
#pragma once

#include "list_query.hpp"

#include <streamwall/sdk/buffer.hpp>

namespace streamwall::rest_api {

class Call;

struct Page {
    Buffer body;       // {NAME:[…],"meta":{…}}
    std::string link;  // the Link header; empty where there is no other page
    std::string tag;   // weak entity tag
};

// `store_reply` is {"records":[…],"count":n,"next_cursor":…}; its records are passed on as they
// are. INTERNAL where it is something else.
Result<Page> make_page(const ListQuery& query, std::string_view path, std::string_view store_reply,
                       std::string_view name = "streams");

// 304 where `known`, the request's If-None-Match, has the page's tag.
void send_page(Call& call, const Page& page, std::string_view known);

}  // namespace streamwall::rest_api
