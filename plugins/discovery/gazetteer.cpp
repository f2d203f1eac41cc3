// Binary search over the bytes of the embedded tables.
#include "gazetteer.hpp"

#include <algorithm>
#include <array>

#include "streamwall/model/text.hpp"

extern "C" {
extern const char streamwall_discovery_cities_begin[];
extern const char streamwall_discovery_cities_end[];
extern const char streamwall_discovery_countries_begin[];
extern const char streamwall_discovery_countries_end[];
}

namespace streamwall::discovery {
namespace {

// The line around a byte.
std::string_view line_at(std::string_view table, std::size_t at) {
    const std::size_t before = at == 0 ? std::string_view::npos : table.rfind('\n', at - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    return table.substr(begin, std::min(table.find('\n', begin), table.size()) - begin);
}

// The table from the first line on that is not less than `key` and a tab.
std::string_view from_first(std::string_view table, std::string_view key) {
    std::string wanted(key);
    wanted += '\t';
    std::size_t low = 0;
    std::size_t high = table.size();
    while (low < high) {
        const std::string_view line = line_at(table, low + (high - low) / 2);
        const auto begin = static_cast<std::size_t>(line.data() - table.data());
        if (line < wanted) {
            low = std::min(begin + line.size() + 1, table.size());
        } else {
            high = begin;
        }
    }
    return table.substr(low);
}

bool begins_with_key(std::string_view line, std::string_view key) {
    return line.starts_with(key) && line.substr(key.size()).starts_with('\t');
}

City parse_city(std::string_view line) {
    std::array<std::string_view, 5> columns;
    for (std::string_view& column : columns) {
        const std::size_t end = std::min(line.find('\t'), line.size());
        column = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    const auto has = [&](char flag) { return columns[4].find(flag) != std::string_view::npos; };
    return {columns[0], columns[1], columns[2], columns[3], has('k'), has('w'), has('n')};
}

std::string_view between(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::string City::name() const {
    if (!shown_name.empty()) return std::string(shown_name);
    std::string name(folded_name);
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool first = i == 0 || name[i - 1] == ' ';
        if (first && model::is_lower(name[i])) name[i] = static_cast<char>(name[i] - ('a' - 'A'));
    }
    return name;
}

Gazetteer Gazetteer::embedded() {
    return Gazetteer(
        between(streamwall_discovery_cities_begin, streamwall_discovery_cities_end),
        between(streamwall_discovery_countries_begin, streamwall_discovery_countries_end));
}

std::vector<City> Gazetteer::find(std::string_view folded_name) const {
    std::vector<City> cities;
    std::string_view rest = from_first(cities_, folded_name);
    while (begins_with_key(rest, folded_name)) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        cities.push_back(parse_city(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return cities;
}

bool Gazetteer::contains(std::string_view folded_name) const {
    return begins_with_key(from_first(cities_, folded_name), folded_name);
}

std::string_view Gazetteer::country_code(std::string_view folded_name) const {
    const std::string_view rest = from_first(countries_, folded_name);
    if (!begins_with_key(rest, folded_name)) return {};
    return rest.substr(folded_name.size() + 1, 2);
}

}  // namespace streamwall::discovery
