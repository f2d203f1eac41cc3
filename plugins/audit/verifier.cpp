#include "verifier.hpp"

#include <algorithm>

namespace streamwall::audit {

void Verifier::add(std::int64_t number, std::string_view what) {
    const auto known = std::ranges::find(flaws_, number, &Flaw::number);
    if (known == flaws_.end() && flaws_.size() < kMostFlaws) flaws_.push_back({number, what});
}

// Behind one with a higher number: it was missed there, or it is there twice.
void Verifier::came_late(std::int64_t number) {
    const auto missed = std::ranges::find(flaws_, number, &Flaw::number);
    if (missed != flaws_.end() && missed->what == "removed")
        missed->what = "moved";
    else
        add(number, "added");
}

bool Verifier::continues(const Line& line) const {
    if (hash_of(stored_, line.text) == line.hash) return true;
    if (computed_ != stored_ && hash_of(computed_, line.text) == line.hash) return true;
    // Where two entries changed places, the one behind them follows from the first.
    return !before_.empty() && hash_of(before_, line.text) == line.hash;
}

void Verifier::take(std::string_view text) {
    const auto line = read_line(text);
    if (!line) return add(number_ + 1, "changed");
    ++entries_;
    const bool is_after_gap = line->number > number_ + 1;
    const bool is_late = line->number <= number_;
    for (auto missing = number_ + 1; missing < line->number && flaws_.size() < kMostFlaws;
         ++missing)
        add(missing, "removed");
    if (is_late) came_late(line->number);
    // Behind a gap, or where entries changed places, nothing says what the hash before was.
    const bool is_judged = !is_after_gap && !is_late && !is_place_lost_;
    const bool follows = continues(*line);
    if (is_judged && !follows) add(line->number, "changed");
    is_place_lost_ = is_late;
    before_ = follows ? std::string() : stored_;
    computed_ = is_judged ? hash_of(stored_, line->text) : std::string(line->hash);
    stored_ = line->hash;
    number_ = std::max(number_, line->number);
}

void Verifier::added(std::int64_t number, std::int64_t highest) {
    for (auto more = number + 1; more <= highest && flaws_.size() < kMostFlaws; ++more)
        add(more, "added");
}

void Verifier::finish(std::int64_t number, std::string_view hash) {
    for (auto missing = number_ + 1; missing <= number && flaws_.size() < kMostFlaws; ++missing)
        add(missing, "removed");
    added(number, number_);
    if (number == number_ && hash != stored_) add(number_, "changed");
}

}  // namespace streamwall::audit
