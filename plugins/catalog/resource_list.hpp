// Lists of a resource: from filters and sort by their names to a query of the store. Pure.
#pragma once

#include <streamwall/sdk/json.hpp>

#include <span>
#include <string>
#include <string_view>

namespace streamwall::catalog {

struct ListFilter {
    enum class Match {
        kAny,       // equals one of the values
        kFolded,    // the same without case, on a field that holds folded text
        kFrom,      // at or after
        kUntil,     // at or before
        kElsewhere  // looked up in another collection
    };
    std::string_view name;
    std::string_view field;
    Match match = Match::kAny;
};

struct ListRules {
    std::string_view collection;
    std::span<const ListFilter> filters;
    std::string_view searched;      // the fields of the filter `search`, as a JSON list
    std::string_view sorts;         // names of fields, each between blanks
    std::string_view default_sort;  // where none is asked for
    bool default_is_descending = false;
};

// The member `search` of the collection's declaration: an index of the words of those fields.
std::string search_declaration(const ListRules& rules);

// Text as it is compared without case, over all of Unicode, and without white space around it.
std::string folded(std::string_view text);

// The request of `store.query`; INVALID_ARGUMENT names what is wrong with `request`. `more`: a
// filter of the store beside those that are asked for, or empty.
Result<std::string> to_store_query(const ListRules& rules, std::string_view request,
                                   std::string_view more = {});

}  // namespace streamwall::catalog
