// ChannelList: the setting `channels`, a list in YAML or a comma list from the environment.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace streamwall::twitch {

struct ChannelList {
    std::vector<std::string> names;  // as written; parse_channels() splits and checks them
};

// Found by the SDK's settings reader. The host has checked the types.
inline void read(const boost::json::value& from, ChannelList& to) {
    to.names.clear();
    if (from.is_string()) {
        to.names.emplace_back(from.get_string());
        return;
    }
    for (const auto& name : from.as_array())
        to.names.emplace_back(name.as_string());
}

}  // namespace streamwall::twitch
