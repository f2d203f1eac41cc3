// What the pages' paths answer, and to whom. Pages hold no records: what they show they ask the
// REST interface for, by the session's cookie, so that nobody sees here what is refused there.
#pragma once

#include <streamwall/base.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::web_ui {

// Nothing but what this host serves, no inline script or style, no form that is sent without
// script, and no text that becomes markup: scripts that tried would be stopped by the browser.
inline constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

struct Answer {
    int status = 200;
    std::string_view body = {};
    std::vector<std::pair<std::string_view, std::string>> headers = {};

    std::string_view header(std::string_view name) const;  // empty where there is none
};

// A script, style or picture: the same for everybody, so that it may be kept and asked about.
struct Asset {
    std::string path;  // below the host's root
    std::string_view type;
    std::string_view bytes;
    std::string tag;  // with its quotes

    // `known` is the request's If-None-Match.
    Answer answer(std::string_view known) const;
};
std::vector<Asset> assets();

// Paths of pages; each answers who asks (`context`) and with what query, raw and without '?'.
struct Page {
    std::string_view path;
    Answer (*answer)(const sw_context& context, std::string_view query);
};
std::vector<Page> pages();

}  // namespace streamwall::web_ui
