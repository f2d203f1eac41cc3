#include "verifier.hpp"

#include <streamwall/records/store.hpp>

#include <algorithm>

namespace streamwall::audit {

namespace bj = boost::json;
using records::number_at;
using records::text_at;

void Verifier::add(std::int64_t number, std::string_view what) {
    if (flaws_.size() < kMostFlaws) flaws_.push_back({number, std::string(what)});
}

bool Verifier::continues(const bj::object& record, const std::string& hash) const {
    return hash_of(stored_, record) == hash ||
           (computed_ != stored_ && hash_of(computed_, record) == hash);
}

void Verifier::take(const bj::object& record) {
    const auto number = number_at(record, "number");
    const auto id = number_at(record, "id");
    const std::string hash(text_at(record, "hash"));
    ++entries_;
    for (auto missing = number_ + 1; missing < number && flaws_.size() < kMostFlaws; ++missing)
        add(missing, "removed");
    const bool is_after_gap = number > number_ + 1;
    // Ids ascend with numbers: they are given when entries are written.
    const bool is_out_of_order = id < id_;
    if (is_out_of_order && !flaws_.empty() && flaws_.back().number == number_ &&
        flaws_.back().what == "changed") {
        flaws_.back().what = "moved";
    }
    // Behind a gap, or where entries changed places, nothing says what the hash before was.
    const bool is_good = is_after_gap || is_link_lost_ || continues(record, hash);
    is_link_lost_ = !is_good && is_out_of_order;
    if (!is_good) add(number, is_out_of_order ? "moved" : "changed");
    computed_ = is_after_gap ? hash : hash_of(stored_, record);
    stored_ = hash;
    number_ = number;
    id_ = std::max(id, id_);
}

void Verifier::finish(const bj::object& head) {
    const auto expected = number_at(head, "number");
    for (auto missing = number_ + 1; missing <= expected && flaws_.size() < kMostFlaws; ++missing)
        add(missing, "removed");
    for (auto more = expected + 1; more <= number_ && flaws_.size() < kMostFlaws; ++more)
        add(more, "added");
    if (expected == number_ && text_at(head, "hash") != stored_) {
        const bool is_known = !flaws_.empty() && flaws_.back().number == number_;
        if (!is_known) add(number_, "changed");
    }
}

}  // namespace streamwall::audit
