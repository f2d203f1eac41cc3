#include "item_splitter.hpp"

#include <algorithm>
#include <utility>

namespace streamwall::rest_api {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kList = "streams";

bool is_blank(char c) {
    return kBlanks.find(c) != kBlanks.npos;
}

}  // namespace

void ItemSplitter::feed(std::string_view bytes) {
    if (step_ == Step::kLine) {
        while (!bytes.empty())
            take_line(bytes);
        return;
    }
    for (const char c : bytes) {
        if (state_ == State::kNoList || state_ == State::kMalformed) return;
        step(c);
    }
}

void ItemSplitter::finish() {
    if (step_ == Step::kLine) {
        give();
        state_ = State::kEnded;
    }
    if (state_ == State::kOpen) state_ = State::kMalformed;
    if (state_ == State::kEnded && step_ != Step::kLine && !has_list_) state_ = State::kNoList;
}

void ItemSplitter::take_line(std::string_view& bytes) {
    const auto end = bytes.find('\n');
    keep(bytes.substr(0, end));
    if (end == bytes.npos) return bytes.remove_prefix(bytes.size());
    give();
    bytes.remove_prefix(end + 1);
}

void ItemSplitter::step(char c) {
    if (step_ == Step::kItem) return step_item(c);
    if (step_ == Step::kName) {
        if (is_inside(c)) return keep({&c, 1});
        step_ = Step::kColon;
        return;
    }
    if (step_ == Step::kOtherValue && (is_inside(c) || is_blank(c))) return;
    if (is_blank(c)) return;
    switch (step_) {
        case Step::kStart:
            return begin_value(c);
        case Step::kMember:
            if (c == '}' && !std::exchange(follows_comma_, false)) {
                step_ = Step::kEnd;
                state_ = State::kEnded;
                return;
            }
            if (c != '"') break;
            text_.clear();
            is_string_ = true;
            step_ = Step::kName;
            return;
        case Step::kColon:
            if (c != ':') break;
            step_ = Step::kValue;
            return;
        case Step::kValue:
            return begin_value(c);
        case Step::kOtherValue:
        case Step::kBehind:
            if (c == '}') {
                step_ = Step::kEnd;
                state_ = State::kEnded;
                return;
            }
            if (c != ',') break;
            follows_comma_ = true;
            step_ = Step::kMember;
            return;
        default:
            break;
    }
    state_ = State::kMalformed;
}

void ItemSplitter::begin_value(char c) {
    const bool is_at_start = step_ == Step::kStart;
    if (is_at_start && c == '{') {
        is_wrapped_ = true;
        step_ = Step::kMember;
        return;
    }
    const bool is_list = is_at_start || std::exchange(text_, {}) == kList;
    follows_comma_ = false;
    if (!is_list) {
        step_ = Step::kOtherValue;
        is_inside(c);
        return;
    }
    if (c != '[') {
        state_ = State::kNoList;
        return;
    }
    has_list_ = true;
    step_ = Step::kItem;
}

void ItemSplitter::step_item(char c) {
    const bool is_between = depth_ == 0 && !is_string_;
    if (is_between && (c == ',' || c == ']')) {
        // A comma without an item is one that is malformed.
        const bool has_item = text_.find_first_not_of(kBlanks) != text_.npos || is_too_long_;
        if (has_item || c == ',' || follows_comma_) {
            if (!has_item) text_ = " ";
            give();
        }
        follows_comma_ = c == ',';
        if (c == ',') return;
        step_ = is_wrapped_ ? Step::kBehind : Step::kEnd;
        if (!is_wrapped_) state_ = State::kEnded;
        return;
    }
    is_inside(c);
    keep({&c, 1});
}

bool ItemSplitter::is_inside(char c) {
    if (is_string_) {
        if (is_escaped_) {
            is_escaped_ = false;
        } else if (c == '\\') {
            is_escaped_ = true;
        } else if (c == '"') {
            is_string_ = false;
            return depth_ > 0 || step_ != Step::kName;
        }
        return true;
    }
    if (c == '"') is_string_ = true;
    if (c == '[' || c == '{') ++depth_;
    if ((c == ']' || c == '}') && depth_ > 0) {
        --depth_;
        return true;
    }
    return is_string_ || depth_ > 0 || (c != ',' && c != '}' && !is_blank(c));
}

void ItemSplitter::keep(std::string_view bytes) {
    if (is_too_long_) return;
    if (text_.size() + bytes.size() > max_item_) {
        is_too_long_ = true;
        std::string().swap(text_);
        return;
    }
    text_ += bytes;
}

void ItemSplitter::give() {
    auto text = std::exchange(text_, {});
    const bool is_too_long = std::exchange(is_too_long_, false);
    const bool is_nothing =
        step_ == Step::kLine && text.find_first_not_of(kBlanks) == text.npos && !is_too_long;
    if (!is_nothing) take_(std::move(text), is_too_long);
}

}  // namespace streamwall::rest_api
