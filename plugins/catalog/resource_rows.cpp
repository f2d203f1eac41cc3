// Rows that are kept beside records, in a collection of their own.
#include "resource.hpp"

#include <streamwall/records/requests.hpp>

#include <algorithm>

namespace streamwall::catalog {

namespace bj = boost::json;

Flow<bj::array> Resource::rows_with(std::string_view field, Array values, Context context) const {
    bj::array out;
    for (std::size_t from = 0; from < values.size(); from += kMaxListed) {
        const auto count = std::min(kMaxListed, values.size() - from);
        const auto* first = values.data() + from;
        bj::object filter{{"field", field}, {"op", "in"}};
        filter["value"] = bj::array(first, first + count);
        bj::object query{{"collection", kind_.rows}};
        query["filter"] = std::move(filter);
        auto rows = co_await query_all(std::move(query), context);
        if (!rows) co_return std::move(rows).error();
        for (auto& row : *rows)
            out.push_back(std::move(row));
    }
    co_return out;
}

Flow<bj::array> Resource::rows_of(const Object& record, Context context) const {
    bj::array owner{record.at("handle")};
    return rows_with("owner", std::move(owner), std::move(context));
}

Flow<Resource::RowsByOwner> Resource::rows_by_owner(const Array& records,
                                                    std::span<const std::string_view> shown,
                                                    Context context) const {
    bj::array handles;
    for (const auto& record : records)
        handles.push_back(record.at("handle"));
    const auto rows = co_await rows_with("owner", std::move(handles), std::move(context));
    if (!rows) co_return rows.error();
    RowsByOwner out;
    for (const auto& item : *rows) {
        const auto& row = item.as_object();
        bj::object members;
        for (const auto name : shown)
            members[name] = row.at(name);
        out[std::string(records::text_at(row, "owner"))].push_back(std::move(members));
    }
    co_return out;
}

Flow<std::monostate> Resource::add_removals(Array& changes, const Object& record, Context context) {
    if (kind_.rows.empty()) co_return ok();
    const auto rows = co_await rows_of(record, std::move(context));
    if (!rows) co_return rows.error();
    for (const auto& row : *rows)
        changes.push_back(records::change::erase(kind_.rows, row.as_object()));
    co_return ok();
}

}  // namespace streamwall::catalog
