// The places that discovery knows. The table is text inside the library, sorted by folded name, and
// is searched where it lies: nothing is built or copied at start-up.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::discovery {

// One place of some name. The views point into the table.
struct City {
    std::string_view folded_name;
    std::string_view shown_name;  // empty: the folded name with capitals
    std::string_view state;       // empty outside the United States and Canada
    std::string_view country;     // ISO 3166-1 alpha-2
    bool known = false;           // counts without its state
    bool needs_capital = false;   // … but only where it is written with a capital letter
    bool never_alone = false;     // … or not at all, though it stands against others of its name

    std::string name() const;
};

// A view of a table in the form that data/README.md describes; copies are cheap. Immutable, any
// thread.
class Gazetteer {
  public:
    // No name in the table has more words.
    static constexpr std::size_t kMaxWords = 6;

    explicit Gazetteer(std::string_view cities, std::string_view countries)
        : cities_(cities), countries_(countries) {}
    // The tables that are part of this library.
    static Gazetteer embedded();

    // All places of a folded name.
    std::vector<City> find(std::string_view folded_name) const;
    bool contains(std::string_view folded_name) const;
    // The code of the country with this folded English name, else empty.
    std::string_view country_code(std::string_view folded_name) const;

  private:
    std::string_view cities_;
    std::string_view countries_;
};

}  // namespace streamwall::discovery
