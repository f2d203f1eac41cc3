// Splits the input into lines and prints what is in each.
#include "discover_command.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "finder.hpp"
#include "link_scanner.hpp"
#include "place_finder.hpp"
#include "readable_json.hpp"
#include "streamwall/model/text.hpp"

namespace streamwall::discovery {
namespace {

namespace json = boost::json;

std::string_view form_name(PlaceForm form) {
    switch (form) {
        case PlaceForm::kCityAndRegion:
            return "city_and_region";
        case PlaceForm::kNickname:
            return "nickname";
        case PlaceForm::kCityAlone:
            break;
    }
    return "city_alone";
}

json::array explain_places(std::string_view line, const Gazetteer& gazetteer) {
    json::array places;
    for (const PlaceMention& mention : find_places(line, scan_links(line).covered, gazetteer)) {
        places.push_back(
            {{"text", model::to_valid_utf8(line.substr(mention.at.begin, mention.at.length))},
             {"city", mention.place.city},
             {"state", mention.place.state.empty() ? json::value(nullptr)
                                                   : json::value(mention.place.state)},
             {"country", mention.place.country},
             {"form", form_name(mention.form)}});
    }
    return places;
}

void print_line(std::string_view line, const DiscoverArguments& arguments,
                const Gazetteer& gazetteer, const CommandIo& io) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    json::object found = to_json(find_streams(line, gazetteer));
    if (arguments.explain) found["places"] = explain_places(line, gazetteer);
    io.write(to_readable(found) + "\n");
}

}  // namespace

void discover(const DiscoverArguments& arguments, const Gazetteer& gazetteer, const CommandIo& io) {
    if (!arguments.text.empty()) {
        std::string text = arguments.text.front();
        for (const std::string& word : std::span(arguments.text).subspan(1))
            text += ' ' + word;
        for (std::size_t begin = 0; begin <= text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            print_line(std::string_view(text).substr(begin, end - begin), arguments, gazetteer, io);
            begin = end + 1;
        }
    }
    if (!arguments.from_stdin) return;
    std::array<char, 16384> chunk;
    std::string line;
    while (const std::size_t got = io.read(chunk)) {
        std::string_view rest(chunk.data(), got);
        for (std::size_t end = rest.find('\n'); end != std::string_view::npos;
             end = rest.find('\n')) {
            line += rest.substr(0, end);
            print_line(line, arguments, gazetteer, io);
            line.clear();
            rest.remove_prefix(end + 1);
        }
        line += rest;
    }
    if (!line.empty()) print_line(line, arguments, gazetteer, io);
}

}  // namespace streamwall::discovery
