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
    std::string what;  // changed, moved, removed, added
};

// Fed with the records in the order of their numbers, then with the head.
class Verifier {
  public:
    static constexpr std::size_t kMostFlaws = 100;

    void take(const boost::json::object& record);
    // `head` is empty where there is none.
    void finish(const boost::json::object& head);

    std::int64_t last() const { return number_; }
    std::int64_t entries() const { return entries_; }
    const std::string& hash() const { return stored_; }
    const std::vector<Flaw>& flaws() const { return flaws_; }

  private:
    void add(std::int64_t number, std::string_view what);
    bool continues(const boost::json::object& record, const std::string& hash) const;

    std::int64_t number_ = 0;
    std::int64_t id_ = 0;
    std::int64_t entries_ = 0;
    std::string stored_;         // hash of the last entry as it stands there
    std::string computed_;       // … as it should be: differs where that hash alone was changed
    bool is_link_lost_ = false;  // the entry before stands in another's place
    std::vector<Flaw> flaws_;
};

}  // namespace streamwall::audit
