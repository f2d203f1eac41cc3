// The scan: from one possible start of a link to the next.
#include "link_scanner.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "streamwall/model/text.hpp"

namespace streamwall::discovery {
namespace {

using model::SkipReason;

bool may_precede_a_link(char c) {
    return !model::is_alnum(c) && std::string_view("_/@=%&?.-").find(c) == std::string_view::npos;
}

bool is_run_byte(char c) {
    return model::is_alnum(c) || c == '.' || c == '-' || c == '_';
}

// The end of the word that begins at `begin`: what a scheme or a host name is made of.
std::size_t end_of_run(std::string_view text, std::size_t begin) {
    std::size_t end = begin;
    while (end < text.size() && is_run_byte(text[end]))
        ++end;
    return end;
}

// "node.js", "e.g." and mail addresses are no links; a bare word must look like a platform's host,
// or like one that wants to be taken for it, to be worth a report.
bool is_worth_reporting(SkipReason reason, bool has_scheme) {
    if (has_scheme) return true;
    switch (reason) {
        case SkipReason::kBadUrl:
        case SkipReason::kCredentials:
        case SkipReason::kScheme:
        case SkipReason::kTooLong:
        case SkipReason::kUnsupportedHost:
            return false;
        default:
            return true;
    }
}

}  // namespace

LinkScan scan_links(std::string_view text) {
    LinkScan scan;
    std::unordered_set<std::string> known;
    std::size_t at = 0;
    while (at < text.size()) {
        if (!model::is_alnum(text[at])) {
            ++at;
            continue;
        }
        const std::size_t run_end = end_of_run(text, at);
        const std::string_view run = text.substr(at, run_end - at);
        const bool has_scheme = text.substr(run_end).starts_with("://");
        const bool starts_here = at == 0 || may_precede_a_link(text[at - 1]);
        if (!starts_here || (!has_scheme && run.find('.') == std::string_view::npos)) {
            at = run_end;
            continue;
        }
        auto found = model::canonicalise_discovered(text.substr(at));
        Span span{at, found ? found->length : found.error().length};
        if (found) {
            scan.covered.push_back(span);
            if (known.insert(found->url).second) scan.links.push_back({*std::move(found), span});
        } else if (is_worth_reporting(found.error().reason, has_scheme)) {
            scan.covered.push_back(span);
            scan.skipped.push_back({found.error().reason, span});
        } else {
            // Words of somebody's address are no words of the message, but a link may follow in it.
            if (text.substr(run_end).starts_with('/')) scan.covered.push_back(span);
            span.length = run.size();
        }
        at += std::max<std::size_t>(span.length, 1);
    }
    return scan;
}

}  // namespace streamwall::discovery
