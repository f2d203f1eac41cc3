// A message in, streams out: links, platforms and places put together.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gazetteer.hpp"
#include "place_finder.hpp"
#include "streamwall/model/url_identity.hpp"

namespace streamwall::discovery {

struct FoundStream {
    std::string url;  // canonical
    model::Platform platform = model::Platform::kOther;
    std::optional<std::string> streamer;
    std::optional<Place> place;
    // How sure the place is, from 0 to 1; nothing where there is none.
    std::optional<double> confidence;
    std::size_t position = 0;  // of the link, in bytes of the message
};

struct SkippedText {
    std::string text;  // well-formed UTF-8, whatever the message is
    model::SkipReason reason = model::SkipReason::kBadUrl;
};

struct Findings {
    std::vector<FoundStream> streams;  // in text order, each once
    std::vector<SkippedText> skipped;
};

// `place_hint` is where the message's author or channel is known to be; it counts where the message
// itself names no place. Where a message names several places, a stream gets the one on its line,
// or the one beside it if places and links take turns; otherwise none. Pure, any thread.
Findings find_streams(std::string_view message, const Gazetteer& gazetteer,
                      std::string_view place_hint = {});

// {"streams": [{url, platform, streamer, city, state, country, confidence}],
//  "skipped": [{text, reason}]}, with null for what was not found.
boost::json::object to_json(const Findings& findings);

}  // namespace streamwall::discovery
