// Takes a URL apart without judging it, and reads names out of its path and query.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace streamwall::model {

// Views into the text that split_link() was given; a missing part is empty.
struct LinkParts {
    std::string_view scheme;     // without "://"
    std::string_view authority;  // whole, as written
    std::string_view host;       // without a trailing dot; an IPv6 host keeps its brackets
    std::string_view port;       // digits alone, without leading zeros
    std::string_view path;       // from the first '/' on
    std::string_view query;      // without '?'
    std::string_view all;        // what was looked at, without the fragment
    bool has_scheme = false;
    bool has_credentials = false;
    bool clean_authority = true;  // host and port are all there is to it
};

// `text` is one URL, with a scheme or a bare host.
LinkParts split_link(std::string_view text);

// The leading part of `text` that can belong to a URL: ASCII but for white space, quotes, angle
// brackets and the like; in the authority after a scheme, other letters too.
std::string_view link_prefix(std::string_view text);

using CharacterTest = bool (*)(char);

// Reads a path segment by segment. A name ends at the first character that the test forbids; what
// stands after such a character is no longer part of the link, so the reader is then at its end.
class PathReader {
  public:
    explicit PathReader(std::string_view path) : rest_(path) {}

    // The next segment's name, empty at the end. Empty segments are skipped. Characters of
    // `not_last` are cut off where nothing of the name follows them.
    std::string_view next(CharacterTest allowed, std::string_view not_last = {});
    // True while every name read so far filled its segment.
    bool whole() const { return whole_; }
    // The first byte behind the last name.
    const char* position() const { return rest_.data(); }

  private:
    std::string_view rest_;
    bool whole_ = true;
};

// The value of a query parameter up to the next '&'; nothing where it is absent.
std::optional<std::string_view> query_value(std::string_view query, std::string_view name);

// The query without its utm_* parameters.
std::string without_tracking(std::string_view query);

}  // namespace streamwall::model
