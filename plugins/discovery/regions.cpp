// The table of states and provinces.
#include "regions.hpp"

#include <algorithm>
#include <array>

namespace streamwall::discovery {
namespace {

struct State {
    std::string_view code;
    std::string_view name;
    std::string_view folded_code;
    std::string_view country = "US";
};

constexpr auto kStates = std::to_array<State>({
    {"AL", "alabama", "al"},
    {"AK", "alaska", "ak"},
    {"AZ", "arizona", "az"},
    {"AR", "arkansas", "ar"},
    {"CA", "california", "ca"},
    {"CO", "colorado", "co"},
    {"CT", "connecticut", "ct"},
    {"DE", "delaware", "de"},
    {"DC", "district of columbia", "dc"},
    {"FL", "florida", "fl"},
    {"GA", "georgia", "ga"},
    {"HI", "hawaii", "hi"},
    {"ID", "idaho", "id"},
    {"IL", "illinois", "il"},
    {"IN", "indiana", "in"},
    {"IA", "iowa", "ia"},
    {"KS", "kansas", "ks"},
    {"KY", "kentucky", "ky"},
    {"LA", "louisiana", "la"},
    {"ME", "maine", "me"},
    {"MD", "maryland", "md"},
    {"MA", "massachusetts", "ma"},
    {"MI", "michigan", "mi"},
    {"MN", "minnesota", "mn"},
    {"MS", "mississippi", "ms"},
    {"MO", "missouri", "mo"},
    {"MT", "montana", "mt"},
    {"NE", "nebraska", "ne"},
    {"NV", "nevada", "nv"},
    {"NH", "new hampshire", "nh"},
    {"NJ", "new jersey", "nj"},
    {"NM", "new mexico", "nm"},
    {"NY", "new york", "ny"},
    {"NC", "north carolina", "nc"},
    {"ND", "north dakota", "nd"},
    {"OH", "ohio", "oh"},
    {"OK", "oklahoma", "ok"},
    {"OR", "oregon", "or"},
    {"PA", "pennsylvania", "pa"},
    {"RI", "rhode island", "ri"},
    {"SC", "south carolina", "sc"},
    {"SD", "south dakota", "sd"},
    {"TN", "tennessee", "tn"},
    {"TX", "texas", "tx"},
    {"UT", "utah", "ut"},
    {"VT", "vermont", "vt"},
    {"VA", "virginia", "va"},
    {"WA", "washington", "wa"},
    {"WV", "west virginia", "wv"},
    {"WI", "wisconsin", "wi"},
    {"WY", "wyoming", "wy"},
    {"AB", "alberta", "ab", "CA"},
    {"BC", "british columbia", "bc", "CA"},
    {"MB", "manitoba", "mb", "CA"},
    {"NB", "new brunswick", "nb", "CA"},
    {"NL", "newfoundland and labrador", "nl", "CA"},
    {"NS", "nova scotia", "ns", "CA"},
    {"NT", "northwest territories", "nt", "CA"},
    {"NU", "nunavut", "nu", "CA"},
    {"ON", "ontario", "on", "CA"},
    {"PE", "prince edward island", "pe", "CA"},
    {"QC", "quebec", "qc", "CA"},
    {"SK", "saskatchewan", "sk", "CA"},
    {"YT", "yukon", "yt", "CA"},
    // Older spellings.
    {"NL", "newfoundland", "nf", "CA"},
    {"QC", "quebec", "pq", "CA"},
    // Territories are countries in ISO's list and have no state.
    {"", "puerto rico", "pr", "PR"},
    {"", "guam", "gu", "GU"},
    {"", "american samoa", "as", "AS"},
});

constexpr std::array<std::string_view, 18> kOrdinaryWords = {"al", "as", "co", "de", "hi", "id",
                                                             "in", "la", "ma", "me", "mi", "mo",
                                                             "oh", "ok", "on", "or", "pa", "so"};

std::optional<Region> find(std::string_view State::* key, std::string_view value) {
    const auto found = std::ranges::find(kStates, value, key);
    if (found == kStates.end()) return std::nullopt;
    return Region{found->code, found->country};
}

}  // namespace

std::optional<Region> region_of_code(std::string_view code) {
    return find(&State::folded_code, code);
}

std::optional<Region> region_of_name(std::string_view folded_name) {
    return find(&State::name, folded_name);
}

bool is_ordinary_word(std::string_view code) {
    return std::ranges::find(kOrdinaryWords, code) != kOrdinaryWords.end();
}

}  // namespace streamwall::discovery
