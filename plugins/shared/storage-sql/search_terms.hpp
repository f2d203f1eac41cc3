// A filter with a search in it, taken apart: what each way to run a search begins with.
#pragma once

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <vector>

#include "storage-sql/collection.hpp"

namespace streamwall::storage {

// The words of the operator `search`.
Result<std::vector<std::string>> read_search(const Collection& collection,
                                             const boost::json::value& value);

// Conditions that must all hold, one of them a search. They live in the filter.
struct SearchTerms {
    // One value asked of a field beside the index.
    struct Beside {
        std::size_t field = 0;  // position in SearchIndex::beside
        bool value = false;
        const boost::json::value* term = nullptr;
    };

    std::vector<std::string> words;  // at least one
    std::vector<Beside> beside;      // one a field
    std::vector<const boost::json::value*> rest;

    bool has_beside(std::size_t field) const;

    // Nothing where `filter` is something else.
    static Result<std::optional<SearchTerms>> of(const Collection& collection,
                                                 const boost::json::value& filter);
};

}  // namespace streamwall::storage
