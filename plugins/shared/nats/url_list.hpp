// UrlList: the setting `url`, a list in YAML or a comma list from the environment.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace streamwall::nats {

struct UrlList {
    std::vector<std::string> urls;  // as written; parse_servers() splits and checks them
};

// Found by the SDK's settings reader. The host has checked the types.
inline void read(const boost::json::value& from, UrlList& to) {
    to.urls.clear();
    if (from.is_string()) {
        to.urls.emplace_back(from.get_string());
        return;
    }
    for (const auto& url : from.as_array())
        to.urls.emplace_back(url.as_string());
}

}  // namespace streamwall::nats
