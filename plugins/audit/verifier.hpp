// Walks the chain and says what is wrong with it.
#pragma once

#include "chain.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::audit {

struct Flaw {
    std::int64_t number = 0;
    std::string_view what;  // changed, moved, removed, added, hidden
};

// Fed with the lines of all pages, by the first number of a page, then with the head.
class Verifier {
  public:
    static constexpr std::size_t kMostFlaws = 100;

    void take(std::string_view line);
    // What searches go by does not say what the entry `number` is.
    void hidden(std::int64_t number) { add(number, "hidden"); }
    // Entries `number` + 1 … `highest` are there, and the head does not know them.
    void added(std::int64_t number, std::int64_t highest);
    // The last entry as the head has it; 0: there is no head.
    void finish(std::int64_t number, std::string_view hash);

    std::int64_t last() const { return number_; }
    std::int64_t entries() const { return entries_; }
    const std::string& hash() const { return stored_; }
    const std::vector<Flaw>& flaws() const { return flaws_; }

  private:
    void add(std::int64_t number, std::string_view what);
    void came_late(std::int64_t number);
    bool continues(const Line& line) const;

    std::int64_t number_ = 0;  // the highest so far
    std::int64_t entries_ = 0;
    std::string stored_;          // hash of the last line as it stands there
    std::string computed_;        // … as it should be: differs where that hash alone was changed
    std::string before_;          // of the line before that one, where the last one did not follow
    bool is_place_lost_ = false;  // the last line is not where it was written
    std::vector<Flaw> flaws_;
};

}  // namespace streamwall::audit
