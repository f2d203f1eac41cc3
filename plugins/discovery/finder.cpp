// Puts links and places of one message together.
#include "finder.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "link_scanner.hpp"
#include "streamwall/model/text.hpp"

namespace streamwall::discovery {
namespace {

namespace json = boost::json;
using Mentions = std::vector<PlaceMention>;

double confidence_of(PlaceForm form) {
    switch (form) {
        case PlaceForm::kCityAndRegion:
            return 0.95;
        case PlaceForm::kNickname:
            return 0.8;
        case PlaceForm::kCityAlone:
            break;
    }
    return 0.7;
}
// What is known of the author says less about a message than the message does.
constexpr double kHintFactor = 0.5;

// The one place that all mentions within [begin, end) are about; null if there is none or several.
const PlaceMention* only_place(const Mentions& mentions, std::size_t begin, std::size_t end) {
    const PlaceMention* only = nullptr;
    for (const PlaceMention& mention : mentions) {
        if (mention.at.begin < begin || mention.at.begin >= end) continue;
        if (only && only->place != mention.place) return nullptr;
        if (!only) only = &mention;
    }
    return only;
}

bool any_place(const Mentions& mentions, std::size_t begin, std::size_t end) {
    return std::ranges::any_of(mentions, [&](const PlaceMention& mention) {
        return mention.at.begin >= begin && mention.at.begin < end;
    });
}

// For each link the place that goes with it.
std::vector<const PlaceMention*> by_line(std::string_view message,
                                         const std::vector<FoundLink>& links,
                                         const Mentions& mentions) {
    std::vector<const PlaceMention*> places;
    for (const FoundLink& link : links) {
        const std::size_t before =
            link.at.begin == 0 ? std::string_view::npos : message.rfind('\n', link.at.begin - 1);
        const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
        const std::size_t end = std::min(message.find('\n', link.at.begin), message.size());
        places.push_back(only_place(mentions, begin, end));
    }
    return places;
}

// "Seattle, WA <link> Portland, OR <link>", or each place behind its link.
std::vector<const PlaceMention*> by_turns(std::string_view message,
                                          const std::vector<FoundLink>& links,
                                          const Mentions& mentions) {
    const bool after = !any_place(mentions, 0, links.front().at.begin);
    const bool before = !any_place(mentions, links.back().at.begin, message.size());
    std::vector<const PlaceMention*> places(links.size(), nullptr);
    if (after == before) return places;
    for (std::size_t i = 0; i < links.size(); ++i) {
        const std::size_t here = links[i].at.begin;
        const std::size_t previous = i == 0 ? 0 : links[i - 1].at.begin;
        const std::size_t next = i + 1 == links.size() ? message.size() : links[i + 1].at.begin;
        places[i] = after ? only_place(mentions, here, next) : only_place(mentions, previous, here);
    }
    const bool complete = std::ranges::all_of(places, [](auto* place) { return place != nullptr; });
    if (!complete) std::ranges::fill(places, nullptr);
    return places;
}

std::vector<const PlaceMention*> assign(std::string_view message,
                                        const std::vector<FoundLink>& links,
                                        const Mentions& mentions) {
    if (links.empty() || mentions.empty()) return std::vector<const PlaceMention*>(links.size());
    if (const PlaceMention* only = only_place(mentions, 0, message.size())) {
        return std::vector<const PlaceMention*>(links.size(), only);
    }
    auto places = by_line(message, links, mentions);
    if (std::ranges::any_of(places, [](auto* place) { return place != nullptr; })) return places;
    return by_turns(message, links, mentions);
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object stream_json(const FoundStream& stream) {
    const Place place = stream.place.value_or(Place{});
    return {
        {"url", stream.url},
        {"platform", model::platform_name(stream.platform)},
        {"streamer", stream.streamer ? json::value(*stream.streamer) : json::value(nullptr)},
        {"city", text_or_null(place.city)},
        {"state", text_or_null(place.state)},
        {"country", text_or_null(place.country)},
        {"confidence", stream.confidence ? json::value(*stream.confidence) : json::value(nullptr)}};
}

}  // namespace

Findings find_streams(std::string_view message, const Gazetteer& gazetteer,
                      std::string_view place_hint) {
    Findings findings;
    LinkScan scan = scan_links(message);
    for (const SkippedLink& skipped : scan.skipped) {
        findings.skipped.push_back(
            {model::to_valid_utf8(message.substr(skipped.at.begin, skipped.at.length)),
             skipped.reason});
    }
    if (scan.links.empty()) return findings;

    double factor = 1;
    Mentions mentions = find_places(message, scan.covered, gazetteer);
    std::vector<const PlaceMention*> places = assign(message, scan.links, mentions);
    if (mentions.empty() && !place_hint.empty()) {
        mentions = find_places(place_hint, {}, gazetteer);
        places.assign(scan.links.size(), only_place(mentions, 0, place_hint.size()));
        factor = kHintFactor;
    }
    for (std::size_t i = 0; i < scan.links.size(); ++i) {
        FoundLink& found = scan.links[i];
        FoundStream stream{.url = std::move(found.link.url),
                           .platform = found.link.platform,
                           .streamer = std::move(found.link.streamer),
                           .place = std::nullopt,
                           .confidence = std::nullopt,
                           .position = found.at.begin};
        if (places[i]) {
            stream.place = places[i]->place;
            stream.confidence = confidence_of(places[i]->form) * factor;
        }
        findings.streams.push_back(std::move(stream));
    }
    return findings;
}

json::object to_json(const Findings& findings) {
    json::array streams;
    for (const FoundStream& stream : findings.streams)
        streams.push_back(stream_json(stream));
    json::array skipped;
    for (const SkippedText& item : findings.skipped) {
        skipped.push_back({{"text", item.text}, {"reason", model::skip_reason_name(item.reason)}});
    }
    return {{"streams", std::move(streams)}, {"skipped", std::move(skipped)}};
}

}  // namespace streamwall::discovery
