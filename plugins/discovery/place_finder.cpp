// Reads places off a message's words, from left to right, longest name first.
#include "place_finder.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "place_words.hpp"
#include "regions.hpp"

namespace streamwall::discovery {
namespace {

constexpr std::size_t kMaxRegionWords = 4;

struct Nickname {
    std::string_view word;
    bool any_case;  // else in upper case alone, being a word or a name too
    std::string_view city;
    std::string_view state;
};

constexpr auto kNicknames = std::to_array<Nickname>({
    {"nyc", true, "New York City", "NY"},
    {"philly", true, "Philadelphia", "PA"},
    {"vegas", true, "Las Vegas", "NV"},
    {"nola", true, "New Orleans", "LA"},
    {"atl", true, "Atlanta", "GA"},
    {"pdx", true, "Portland", "OR"},
    {"dtla", true, "Los Angeles", "CA"},
    {"okc", true, "Oklahoma City", "OK"},
    {"mpls", true, "Minneapolis", "MN"},
    {"la", false, "Los Angeles", "CA"},
    {"sf", false, "San Francisco", "CA"},
    {"dc", false, "Washington", "DC"},
    {"slc", false, "Salt Lake City", "UT"},
    {"stl", false, "St. Louis", "MO"},
    {"chi", false, "Chicago", "IL"},
    {"phx", false, "Phoenix", "AZ"},
});

// What follows a city, and how many words it takes.
struct RegionMatch {
    Region region;
    std::size_t words = 0;
    // A region that was surely meant: a city that is not in it is not that city at all.
    bool definite = false;
};

class PlaceReader {
  public:
    PlaceReader(std::vector<PlaceWord> words, const Gazetteer& gazetteer)
        : words_(std::move(words)), gazetteer_(gazetteer) {
        // In a message without small letters, capitals say nothing.
        shouting_ = std::ranges::none_of(words_, &PlaceWord::any_small);
    }

    std::vector<PlaceMention> run() {
        std::size_t at = 0;
        while (at < words_.size()) {
            const std::size_t used = words_[at].blocked ? 1 : read_at(at);
            at += std::max<std::size_t>(used, 1);
        }
        const auto is_pair = [](const PlaceMention& m) {
            return m.form == PlaceForm::kCityAndRegion;
        };
        if (std::ranges::any_of(mentions_, is_pair)) {
            std::erase_if(mentions_, [&](const PlaceMention& m) { return !is_pair(m); });
        }
        return std::move(mentions_);
    }

  private:
    // Reads the place that begins at a word; the number of words it takes, 0 where there is none.
    std::size_t read_at(std::size_t at) {
        std::size_t longest = 0;
        bool refuted = false;
        for (std::size_t count = name_length(at, Gazetteer::kMaxWords); count > 0; --count) {
            const std::vector<City> cities = cities_at(at, count);
            if (cities.empty()) continue;
            if (const std::size_t used = read_pair(at, count, cities, refuted)) return used;
            if (longest == 0) longest = count;
        }
        if (const std::size_t used = read_nickname(at)) return used;
        if (longest == 0 || refuted) return longest;
        return read_alone(at, longest);
    }

    // How many words from `at` on can be one name.
    std::size_t name_length(std::size_t at, std::size_t most) const {
        std::size_t count = 1;
        while (count < most && at + count < words_.size() && joins(words_[at + count - 1].gap) &&
               !words_[at + count].blocked) {
            ++count;
        }
        return count;
    }

    static bool joins(Gap gap) { return gap == Gap::kSpace || gap == Gap::kHyphen; }

    std::string joined(std::size_t at, std::size_t count) const {
        std::string name = words_[at].folded;
        for (std::size_t i = 1; i < count; ++i)
            name += ' ' + words_[at + i].folded;
        return name;
    }

    // The places that these words name.
    std::vector<City> cities_at(std::size_t at, std::size_t count) const {
        std::string name = joined(at, count);
        std::vector<City> cities = gazetteer_.find(name);
        const PlaceWord& last = words_[at + count - 1];
        if (!cities.empty() || last.stem.empty()) return cities;
        name.replace(name.size() - last.folded.size(), last.folded.size(), last.stem);
        return gazetteer_.find(name);
    }

    std::size_t read_pair(std::size_t at, std::size_t count, std::span<const City> cities,
                          bool& refuted) {
        const std::size_t next = at + count;
        if (next >= words_.size() || words_[next - 1].gap == Gap::kBreak) return 0;
        bool definite = false;
        for (const RegionMatch& match : regions_at(at, next)) {
            if (const City* city = only_city(cities, match.region)) {
                add(at, count + match.words, PlaceForm::kCityAndRegion, *city);
                return count + match.words;
            }
            definite = definite || match.definite;
        }
        refuted = refuted || definite;
        return 0;
    }

    // The regions that the words at `next` may mean, for a city at `city`; states before countries.
    std::vector<RegionMatch> regions_at(std::size_t city, std::size_t next) const {
        std::vector<RegionMatch> matches;
        const bool marked = words_[next - 1].gap != Gap::kSpace;
        for (std::size_t count = name_length(next, kMaxRegionWords); count > 0; --count) {
            const std::string name = joined(next, count);
            if (const auto state = region_of_name(name)) matches.push_back({*state, count, marked});
            if (count == 1) {
                const auto code = region_of_code(name);
                if (code && is_code(city, next)) {
                    matches.push_back({*code, 1, marked || words_[next].all_upper});
                }
            }
            if (const std::string_view country = gazetteer_.country_code(name); !country.empty()) {
                matches.push_back({{"", country}, count, marked});
            }
        }
        return matches;
    }

    // Whether a word of two letters is meant as a state.
    bool is_code(std::size_t city, std::size_t at) const {
        const PlaceWord& word = words_[at];
        if (!is_ordinary_word(word.folded)) return true;
        if (word.all_upper && !words_[city].all_upper) return true;
        // "portland or seattle", "columbus in flames": a word that goes on with the sentence.
        const bool sentence_goes_on = at + 1 < words_.size() && joins(word.gap);
        if (!sentence_goes_on) return true;
        if (words_[at - 1].gap == Gap::kSpace) return false;
        return !begins_a_city(at + 1);
    }

    bool begins_a_city(std::size_t at) const {
        for (std::size_t count = name_length(at, Gazetteer::kMaxWords); count > 0; --count) {
            if (std::ranges::any_of(cities_at(at, count), &City::known)) return true;
        }
        return false;
    }

    // The city of a region. A country may have several of one name; then only a known one counts,
    // and only if it is alone.
    static const City* only_city(std::span<const City> cities, const Region& region) {
        const City* only = nullptr;
        for (const City& city : cities) {
            if (city.country != region.country) continue;
            if (!region.state.empty()) {
                if (city.state == region.state) return &city;
                continue;
            }
            if (city.state.empty()) return &city;
            if (!city.known) continue;
            if (only) return nullptr;
            only = &city;
        }
        return only;
    }

    std::size_t read_nickname(std::size_t at) {
        const PlaceWord& word = words_[at];
        const auto nickname = std::ranges::find(kNicknames, word.folded, &Nickname::word);
        if (nickname == kNicknames.end()) return 0;
        if (!nickname->any_case) {
            if (!word.all_upper) return 0;
            if (shouting_ && at + 1 < words_.size() && joins(word.gap)) return 0;
            // "Somewhere, LA" is in Louisiana, wherever that may be.
            const bool behind_comma = at > 0 && words_[at - 1].gap == Gap::kComma;
            if (behind_comma && region_of_code(word.folded)) return 0;
        }
        // "SF, CA" and "NYC NY" say the same twice.
        std::size_t used = 1;
        if (at + 1 < words_.size() && word.gap != Gap::kBreak) {
            const auto code = region_of_code(words_[at + 1].folded);
            if (code && code->state == nickname->state && is_code(at, at + 1)) used = 2;
        }
        add(at, used, PlaceForm::kNickname,
            Place{std::string(nickname->city), std::string(nickname->state), "US"});
        return used;
    }

    std::size_t read_alone(std::size_t at, std::size_t count) {
        const City* only = nullptr;
        const std::vector<City> cities = cities_at(at, count);
        for (const City& city : cities) {
            if (!city.known) continue;
            if (only) return count;
            only = &city;
        }
        if (!only || only->never_alone) return count;
        if (only->needs_capital && !words_[at].capital) return count;
        add(at, count, PlaceForm::kCityAlone, *only);
        return count;
    }

    void add(std::size_t at, std::size_t count, PlaceForm form, const City& city) {
        add(at, count, form,
            Place{city.name(), std::string(city.state), std::string(city.country)});
    }

    void add(std::size_t at, std::size_t count, PlaceForm form, Place place) {
        const std::size_t begin = words_[at].begin;
        const std::size_t end = words_[at + count - 1].end;
        mentions_.push_back({std::move(place), form, {begin, end - begin}});
    }

    std::vector<PlaceWord> words_;
    const Gazetteer& gazetteer_;
    bool shouting_ = false;
    std::vector<PlaceMention> mentions_;
};

}  // namespace

std::vector<PlaceMention> find_places(std::string_view text, const std::vector<Span>& covered,
                                      const Gazetteer& gazetteer) {
    return PlaceReader(split_place_words(text, covered), gazetteer).run();
}

}  // namespace streamwall::discovery
