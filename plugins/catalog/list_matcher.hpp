// Whether a stream's record is in a list, told from its text: the filter that the store is asked
// with, understood as the store does.
#pragma once

#include <boost/json/value.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::catalog {

// Immutable; safe on every thread.
class ListMatcher {
  public:
    // `filter` as store_query_of() makes them. Null where a record's text doesn't tell: for what
    // looks at times that change without an event.
    static std::unique_ptr<const ListMatcher> make(std::string_view filter);

    bool matches(std::string_view record) const;

  private:
    enum class Kind { kAnd, kNot, kIn, kFrom, kSearch };
    struct Term {
        Kind kind = Kind::kAnd;
        std::string field;
        std::vector<std::string> values;  // of kIn: texts of JSON; of kSearch: words
        std::vector<Term> inner;
    };
    static bool read(const boost::json::value& filter, Term& out);
    static bool holds(const Term& term, std::string_view record);

    Term root_;
};

}  // namespace streamwall::catalog
