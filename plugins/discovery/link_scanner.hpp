// Finds the links in a message. Takes one pass over the text; no call looks further ahead than the
// longest URL. Pure function, any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "streamwall/model/url_identity.hpp"

namespace streamwall::discovery {

// Bytes of the message.
struct Span {
    std::size_t begin = 0;
    std::size_t length = 0;
};

struct FoundLink {
    model::DiscoveredUrl link;
    Span at;
};

struct SkippedLink {
    model::SkipReason reason = model::SkipReason::kBadUrl;
    Span at;
};

struct LinkScan {
    std::vector<FoundLink> links;      // in text order, each stream once, at its first spelling
    std::vector<SkippedLink> skipped;  // in text order
    std::vector<Span> covered;         // every stretch that is part of some link, in text order
};

// A link has a scheme or is a bare host. It never starts right after an ASCII letter, digit or one
// of
// `_ / @ = % & ? . -`. Bare words with dots that are no platform's host are ordinary text.
LinkScan scan_links(std::string_view text);

}  // namespace streamwall::discovery
