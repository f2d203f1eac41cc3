// What each platform's addresses mean: which hosts are a platform's, and which of its pages are a
// stream. One table for hosts, one function a platform for pages.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "link_reader.hpp"
#include "streamwall/model/platform.hpp"
#include "streamwall/model/url_identity.hpp"

namespace streamwall::model {

struct Site {
    Platform platform = Platform::kOther;
    std::string_view domain;     // "youtu.be"
    std::string_view subdomain;  // a view of the host that was asked about; empty for the site
                                 // itself and its www., m., … variants
};

// The platform that a lower-case host belongs to, by whole labels.
std::optional<Site> find_site(std::string_view host);

// Whether a host that is no platform's is made to look like one.
bool imitates_a_site(std::string_view host);

struct Page {
    std::string url;
    std::optional<std::string> streamer;
    const char* end = nullptr;  // the first byte behind the name or id that decided
    bool whole = true;          // false where a forbidden character cut that name off
};

// The stream that a page of a site shows, or why it shows none.
std::expected<Page, SkipReason> read_page(const Site& site, const LinkParts& link);

}  // namespace streamwall::model
