// Edit distance with a bound, so that a hostile word of a million letters costs nothing.
#include "config/nearest.hpp"

#include <algorithm>
#include <vector>

namespace streamwall::config {

namespace {

std::string folded(std::string_view word) {
    std::string result(word);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c == '_') c = '-';
    }
    return result;
}

std::size_t allowed_distance(std::size_t length) {
    if (length <= 3) return 1;
    return length <= 6 ? 2 : 3;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
    const std::size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
    if (difference > limit) return limit + 1;
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        if (*std::ranges::min_element(row) > limit) return limit + 1;
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return std::min(last[b.size()], limit + 1);
}

std::string nearest_word(std::string_view word, std::span<const std::string> candidates) {
    const std::string wanted = folded(word);
    std::size_t best_distance = allowed_distance(wanted.size()) + 1;
    std::string best;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(wanted, folded(candidate), best_distance - 1);
        if (distance >= best_distance) continue;
        best_distance = distance;
        best = candidate;
        if (distance == 0) break;
    }
    return best;
}

}  // namespace streamwall::config
