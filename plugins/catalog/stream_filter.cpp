#include "stream_filter.hpp"

#include <streamwall/contracts/streams.hpp>
#include <streamwall/model/fields.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <vector>

namespace streamwall::catalog {
namespace {

std::string leaf(std::string_view field, std::string_view op, std::string_view value_json) {
    return json::Writer().text("field", field).text("op", op).raw("value", value_json).take();
}

// `values` is a JSON array. One value is compared, for which every store has the shortest way.
std::string any_of(std::string_view field, std::string_view values, std::string_view only,
                   std::size_t count) {
    return count == 1 ? leaf(field, "eq", only) : leaf(field, "in", values);
}

// What a filter on `archived` asks for: false, true, or both.
struct Archived {
    bool no = false;
    bool yes = false;
};

class FilterBuilder {
  public:
    Result<> add(std::string_view name, std::string_view values) {
        std::size_t count = 0;
        std::string_view first;
        if (!json::scan_items(values, [&](std::string_view item) {
                if (count++ == 0) first = item;
            })) {
            return Error::invalid("a filter takes a list of values", std::string(name));
        }
        if (count == 0) return Error::invalid("a filter needs a value", std::string(name));
        if (name == "archived") {
            has_archived_ = true;
            json::scan_items(values, [&](std::string_view item) {
                (item == "true" ? archived_.yes : archived_.no) = true;
            });
        } else if (name == "not_status") {
            const auto inner = any_of("status", values, first, count);
            join(json::Writer().raw("not", inner).take());
        } else if (name == "since") {
            join(leaf("created_at", "ge", first));
        } else if (name == "updated_since") {
            join(leaf("updated_at", "ge", first));
        } else if (name == "search") {
            join(json::Writer().text("op", "search").raw("value", first).take());
        } else if (model::find_stream_field(name) != nullptr) {
            join(any_of(name, values, first, count));
        } else {
            return Error::invalid("streams have no such filter", std::string(name));
        }
        return ok();
    }

    std::string take() {
        // First, because every index begins with it; asked for both, it still names both values.
        std::string head = leaf("archived", "eq", "false");
        if (has_archived_ && archived_.yes) {
            head = archived_.no ? leaf("archived", "in", "[false,true]")
                                : leaf("archived", "eq", "true");
        }
        if (terms_.empty()) return head;
        std::ranges::sort(terms_);
        std::string out = R"({"and":[)" + head;
        for (const auto& term : terms_)
            out.append(",").append(term);
        return out + "]}";
    }

  private:
    void join(std::string_view term) { terms_.emplace_back(term); }

    std::vector<std::string> terms_;
    Archived archived_;
    bool has_archived_ = false;
};

std::string sort_key(std::string_view field, bool descending) {
    return json::Writer()
        .text("field", field)
        .text("direction", descending ? "desc" : "asc")
        .take();
}

// Ids grow in the order of creation, and need no index of their own.
std::string sort_json(std::string_view field, bool descending) {
    if (field.empty()) return "[" + sort_key("pinned", true) + "," + sort_key("id", true) + "]";
    const auto key = field == "created_at" ? std::string_view("id") : field;
    return "[" + sort_key(key, descending) + "]";
}

}  // namespace

Result<StreamQuery> to_stream_query(std::string_view list_request) {
    FilterBuilder filter;
    Result<> added = ok();
    json::scan_members(json::find_member(list_request, "filters"),
                       [&](std::string_view name, std::string_view values) {
                           added = filter.add(name, values);
                           return added.has_value();
                       });
    if (!added) return std::move(added).error();

    const auto sort = json::to_plain_text(json::find_member(list_request, "sort")).value_or("");
    if (!sort.empty() && model::find_stream_field(sort) == nullptr) {
        return Error::invalid("streams can't be sorted by this", std::string(sort));
    }
    const bool descending = json::find_member(list_request, "descending") == "true";
    StreamQuery out;
    out.filter = filter.take();
    json::Writer page;
    page.text("collection", contracts::streams::kCollection);
    page.raw("filter", out.filter).raw("sort", sort_json(sort, descending));
    for (const std::string_view name : {"limit", "offset", "cursor"}) {
        if (const auto raw = json::find_member(list_request, name); !raw.empty()) {
            page.raw(name, raw);
            out.has_cursor = name == "cursor" && raw != "null";
        }
    }
    const auto number = [&](std::string_view name) {
        return json::to_integer(json::find_member(list_request, name)).value_or(0);
    };
    out.limit = number("limit");
    out.offset = number("offset");
    out.has_count = json::find_member(list_request, "count") == "true";
    const auto object = page.take();
    out.page = object.substr(1, object.size() - 2);
    return out;
}

Result<std::string> to_store_query(std::string_view list_request) {
    auto query = to_stream_query(list_request);
    if (!query) return std::move(query).error();
    return query->request();
}

}  // namespace streamwall::catalog
