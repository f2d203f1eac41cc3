#include "pages.hpp"

#include "call.hpp"
#include "conditional.hpp"
#include "media_types.hpp"
#include "query_string.hpp"

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <cstring>

namespace streamwall::rest_api {
namespace {

struct StoreReply {
    std::string_view records;
    std::int64_t count = 0;
    std::string_view next_cursor;
};

Result<StoreReply> read_reply(std::string_view text) {
    StoreReply out;
    json::scan_members(text, [&](std::string_view key, std::string_view value) {
        if (key == "records")
            out.records = value;
        else if (key == "count")
            out.count = json::to_integer(value).value_or(0);
        else if (key == "next_cursor")
            out.next_cursor = json::to_plain_text(value).value_or("");
        return true;
    });
    if (!out.records.starts_with('[')) return Error::internal("a list's reply holds no records");
    return out;
}

std::string meta_of(const ListQuery& query, const StoreReply& reply, std::int64_t pages) {
    json::Writer meta;
    if (!query.by_cursor) meta.number("current_page", query.page);
    meta.number("per_page", query.per_page).number("total_pages", pages);
    meta.number("total_count", reply.count);
    if (reply.next_cursor.empty())
        meta.raw("next_cursor", "null");
    else
        meta.text("next_cursor", reply.next_cursor);
    return meta.take();
}

class Links {
  public:
    Links(const ListQuery& query, std::string_view path) : query_(query), path_(path) {}
    void add(std::string_view relation, std::string_view name, std::string_view value) {
        if (!text_.empty()) text_ += ", ";
        text_ += '<';
        text_ += path_;
        text_ += '?';
        if (!query_.kept.empty()) text_ += query_.kept + '&';
        text_ += "per_page=" + std::to_string(query_.per_page) + '&';
        text_.append(name).append("=").append(value);
        text_.append(">; rel=\"").append(relation).append("\"");
    }
    void page(std::string_view relation, std::int64_t number) {
        add(relation, "page", std::to_string(number));
    }
    std::string take() { return std::move(text_); }

  private:
    const ListQuery& query_;
    std::string_view path_;
    std::string text_;
};

std::string links_of(const ListQuery& query, std::string_view path, const StoreReply& reply,
                     std::int64_t pages) {
    Links links(query, path);
    if (query.by_cursor) {
        if (!reply.next_cursor.empty()) {
            links.add("next", "cursor", encode_query_value(reply.next_cursor));
        }
        return links.take();
    }
    if (pages > 0) links.page("first", 1);
    if (query.page > 1 && pages > 0) links.page("prev", std::min(query.page - 1, pages));
    if (query.page < pages) links.page("next", query.page + 1);
    if (pages > 0) links.page("last", pages);
    return links.take();
}

Buffer join(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const auto part : parts)
        size += part.size();
    return Buffer::make(size, [&](char* into) {
        for (const auto part : parts)
            into = std::copy(part.begin(), part.end(), into);
    });
}

std::string tag_of(std::string_view body) {
    constexpr char kHex[] = "0123456789abcdef";
    auto hash = std::hash<std::string_view>{}(body);
    std::string out = "W/\"";
    for (int digit = 0; digit < 16; ++digit, hash >>= 4)
        out += kHex[hash & 15];
    return out + '"';
}

}  // namespace

Result<Page> make_page(const ListQuery& query, std::string_view path, std::string_view store_reply,
                       std::string_view name) {
    const auto reply = read_reply(store_reply);
    if (!reply) return reply.error();
    const auto pages = (reply->count + query.per_page - 1) / query.per_page;
    Page out;
    out.body = join({R"({")", name, R"(":)", reply->records, R"(,"meta":)",
                     meta_of(query, *reply, pages), "}"});
    out.link = links_of(query, path, *reply, pages);
    out.tag = tag_of(out.body.view());
    return out;
}

void send_page(Call& call, const Page& page, std::string_view known) {
    const bool unchanged = !known.empty() && matches_none_match(known, page.tag);
    http::Response response(unchanged ? 304 : 200, unchanged ? Buffer() : page.body);
    if (!unchanged) response.header("content-type", kJsonType);
    if (!page.link.empty()) response.header("link", page.link);
    call.send(response.header("etag", page.tag));
}

}  // namespace streamwall::rest_api
