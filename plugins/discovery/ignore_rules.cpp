// Normalises the lists once, so that every question is a look-up.
#include "ignore_rules.hpp"

#include "streamwall/model/text.hpp"
#include "streamwall/model/url_identity.hpp"

namespace streamwall::discovery {
namespace {

std::string_view host_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    return url.substr(0, url.find_first_of(":/?#"));
}

std::string key_of(std::string_view source, std::string_view user) {
    return std::string(source) + "/" + model::to_lower(model::trim(user));
}

// Lists hold URLs without a slash at their end.
std::string_view without_slash(std::string_view url) {
    while (url.ends_with('/'))
        url.remove_suffix(1);
    return url;
}

}  // namespace

IgnoreRules::IgnoreRules(std::span<const std::string> users, std::span<const std::string> urls,
                         std::span<const std::string> domains) {
    for (const std::string& user : users)
        add_user({}, user);
    for (const std::string& url : urls)
        add_url(url);
    for (const std::string& domain : domains)
        add_domain(domain);
}

void IgnoreRules::add_user(std::string_view source, std::string_view user) {
    users_.insert(key_of(source, user));
}

void IgnoreRules::add_url(std::string_view url) {
    const auto known = model::normalise_for_filter(url);
    urls_.insert(std::string(without_slash(known ? std::string_view(known->url) : url)));
}

void IgnoreRules::add_domain(std::string_view domain) {
    std::string host = model::to_lower(host_of(model::trim(domain)));
    if (host.starts_with("www.")) host.erase(0, 4);
    if (!host.empty()) domains_.insert(std::move(host));
}

bool IgnoreRules::ignores_user(std::string_view source, std::string_view user) const {
    return users_.contains(key_of({}, user)) || users_.contains(key_of(source, user));
}

bool IgnoreRules::ignores_url(std::string_view url) const {
    if (urls_.contains(std::string(without_slash(url)))) return true;
    std::string_view host = host_of(url);
    while (!host.empty()) {
        if (domains_.contains(std::string(host))) return true;
        const std::size_t dot = host.find('.');
        host = dot == std::string_view::npos ? std::string_view() : host.substr(dot + 1);
    }
    return false;
}

}  // namespace streamwall::discovery
