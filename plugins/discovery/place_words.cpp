// Splits a message into words, with what matters about their spelling.
#include "place_words.hpp"

#include <algorithm>

#include "fold.hpp"
#include "streamwall/model/text.hpp"

namespace streamwall::discovery {
namespace {

using model::decode_utf8;

bool is_capital(char32_t c) {
    if (c < 0x80) return model::is_upper(static_cast<char>(c));
    // In these blocks the capitals come first or take turns with the small letters, as far as
    // names of places go.
    if (c >= 0xC0 && c <= 0xDE) return true;
    return ((c >= 0x100 && c < 0x180) || (c >= 0x1E00 && c < 0x1F00)) && c % 2 == 0;
}

bool is_abbreviation(std::string_view folded) {
    return folded == "saint" || folded == "sainte" || folded == "fort" || folded == "mount";
}

class Splitter {
  public:
    Splitter(std::string_view text, const std::vector<Span>& covered)
        : text_(text), covered_(covered) {}

    std::vector<PlaceWord> run() {
        while (at_ < text_.size()) {
            if (const std::size_t end = link_end(at_); end > at_) {
                at_ = end;
            } else if (fold_at(at_).is_word) {
                read_word();
            } else {
                at_ += decode_utf8(text_, at_).length;
            }
        }
        for (std::size_t i = 0; i + 1 < words_.size(); ++i) {
            words_[i].gap = gap_between(words_[i], words_[i + 1]);
        }
        return std::move(words_);
    }

  private:
    Folding fold_at(std::size_t at) const {
        const model::CodePoint point = decode_utf8(text_, at);
        return point.valid ? fold_code_point(point.value) : Folding{};
    }

    // The end of the link that covers `at`, else `at`.
    std::size_t link_end(std::size_t at) {
        while (next_link_ < covered_.size() &&
               covered_[next_link_].begin + covered_[next_link_].length <= at) {
            ++next_link_;
        }
        if (next_link_ == covered_.size() || covered_[next_link_].begin > at) return at;
        return covered_[next_link_].begin + covered_[next_link_].length;
    }

    // "D.C." and "L.A.": a point between single letters belongs to the word.
    bool is_initials_point(const PlaceWord& word, std::size_t letters) const {
        if (text_[at_] != '.' || letters != word.folded.size() || letters == 0) return false;
        if (at_ + 1 >= text_.size() || !model::is_alpha(text_[at_ + 1])) return false;
        return at_ + 2 >= text_.size() || !model::is_alnum(text_[at_ + 2]);
    }

    void read_word() {
        PlaceWord word;
        word.begin = at_;
        word.capital = is_capital(decode_utf8(text_, at_).value);
        std::size_t capitals = 0;
        std::size_t small = 0;
        std::size_t single_letters = 0;
        while (at_ < text_.size() && link_end(at_) == at_) {
            const model::CodePoint point = decode_utf8(text_, at_);
            const Folding folding = point.valid ? fold_code_point(point.value) : Folding{};
            if (is_initials_point(word, single_letters)) {
                ++at_;
                continue;
            }
            if (!folding.is_word) break;
            const bool alone = at_ == word.begin || text_[at_ - 1] == '.';
            if (alone) ++single_letters;
            if (is_capital(point.value)) {
                ++capitals;
            } else if (!folding.text.empty() && !model::is_digit(folding.text[0])) {
                ++small;
            }
            word.folded += folding.text;
            at_ += point.length;
        }
        word.end = at_;
        word.all_upper = capitals > 1 && small == 0;
        word.any_small = small > 0;
        note_possessive(word);
        word.folded = spell_out(word.folded);
        word.blocked = touches("@_", word.begin, word.end);
        if (!word.folded.empty()) words_.push_back(std::move(word));
    }

    // "Seattle's" is Seattle, but "St. John's" is not St. John.
    void note_possessive(PlaceWord& word) const {
        const std::string_view written = text_.substr(word.begin, word.end - word.begin);
        for (const std::string_view ending : {"'s", "’s", "'S", "’S"}) {
            if (written.size() > ending.size() && written.ends_with(ending)) {
                word.stem = word.folded.substr(0, word.folded.size() - 1);
            }
        }
    }

    bool touches(std::string_view characters, std::size_t begin, std::size_t end) const {
        const auto is_one = [&](std::size_t at) {
            return characters.find(text_[at]) != std::string_view::npos;
        };
        return (begin > 0 && is_one(begin - 1)) || (end < text_.size() && is_one(end));
    }

    Gap gap_between(PlaceWord& word, PlaceWord& next) const {
        const std::string_view between = text_.substr(word.end, next.begin - word.end);
        if (between == "-" || between == "\u2010" || between == "\u2011") return Gap::kHyphen;
        if (between == ".") {
            if (is_abbreviation(word.folded)) return Gap::kSpace;
            word.blocked = true;
            next.blocked = true;
            return Gap::kBreak;
        }
        const std::string_view mark = model::trim(between);
        if (between.find('\n') != std::string_view::npos) return Gap::kBreak;
        if (mark.empty()) return Gap::kSpace;
        if (mark == "." && is_abbreviation(word.folded)) return Gap::kSpace;
        if (mark == ",") return Gap::kComma;
        if (mark == "(" || mark == "[" || mark == ",(" || mark == "{") return Gap::kBracket;
        return Gap::kBreak;
    }

    std::string_view text_;
    const std::vector<Span>& covered_;
    std::size_t at_ = 0;
    std::size_t next_link_ = 0;
    std::vector<PlaceWord> words_;
};

}  // namespace

std::vector<PlaceWord> split_place_words(std::string_view text, const std::vector<Span>& covered) {
    return Splitter(text, covered).run();
}

}  // namespace streamwall::discovery
