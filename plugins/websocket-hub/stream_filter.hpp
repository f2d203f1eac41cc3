// Which changes of streams a subscription wants.
#pragma once

#include <boost/json/object.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::hub {

inline constexpr std::array<std::string_view, 4> kFilterFields = {"status", "platform", "city",
                                                                  "state"};

// What a filter looks at, before and after a change; texts in lower case, empty for null.
struct StreamFacts {
    std::int64_t id = 0;
    std::array<std::string, kFilterFields.size()> before;
    std::array<std::string, kFilterFields.size()> after;
};

// Reads a rendered record and the changes that led to it (JSON text, or empty: none). Nothing where
// the record has no id.
std::optional<StreamFacts> read_facts(std::string_view record, std::string_view changes);

// Immutable once parsed; readable from any thread.
class StreamFilter {
  public:
    // From a subscription's parameters: each of `status, platform, city, state` is a comma list or
    // an array of texts, `ids` also of integers; null and empty mean any. Case does not matter.
    // Nothing where a value can match no stream: an unknown status, a text as id.
    static std::optional<StreamFilter> parse(const boost::json::object& params);

    // True where the stream matched before the change, or does after it.
    bool matches(const StreamFacts& facts) const;

    // Values wanted of a field (an index of kFilterFields), in order; empty: any.
    static constexpr std::size_t kStatus = 0;
    static constexpr std::size_t kPlatform = 1;
    const std::vector<std::string>& wanted(std::size_t field) const { return wanted_[field]; }

    // The same text for filters that match the same streams.
    std::string canonical() const;

  private:
    bool matches(const std::array<std::string, kFilterFields.size()>& values) const;

    std::array<std::vector<std::string>, kFilterFields.size()> wanted_;  // sorted; empty: any
    std::vector<std::int64_t> ids_;                                      // sorted; empty: any
};

}  // namespace streamwall::hub
