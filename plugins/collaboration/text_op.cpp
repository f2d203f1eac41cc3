#include "text_op.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace streamwall::collaboration {

namespace {

using Kind = TextComponent::Kind;
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr std::int64_t kMaxLength = 1 << 30;

// Bytes that the first `points` code points take; npos where there are fewer.
std::size_t byte_offset(std::string_view text, std::size_t points) {
    std::size_t at = 0;
    for (; points > 0; --points) {
        if (at == text.size()) return std::string_view::npos;
        ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U)
            ++at;
    }
    return at;
}

void append(TextOp& op, TextComponent component) {
    if (component.length == 0) return;
    if (op.empty() || op.back().kind != component.kind) {
        op.push_back(std::move(component));
        return;
    }
    op.back().length += component.length;
    op.back().text += component.text;
}

TextOp trimmed(TextOp op) {
    if (!op.empty() && op.back().kind == Kind::kSkip) op.pop_back();
    return op;
}

// Takes components off the front of an operation, cut to size where need be. Behind its end there
// is nothing but skips.
class Taker {
  public:
    explicit Taker(const TextOp& op) : op_(op) {}

    bool at_end() const { return index_ == op_.size(); }
    bool is_insert() const { return !at_end() && op_[index_].kind == Kind::kInsert; }
    // At most `length` code points; an insertion in one piece.
    TextComponent take(std::size_t length) {
        if (at_end()) return {Kind::kSkip, length};
        const auto& from = op_[index_];
        if (from.kind == Kind::kInsert || from.length - offset_ <= length) {
            TextComponent out{from.kind, from.length - offset_, from.text};
            offset_ = 0;
            ++index_;
            return out;
        }
        offset_ += length;
        return {from.kind, length};
    }

  private:
    const TextOp& op_;
    std::size_t index_ = 0;
    std::size_t offset_ = 0;  // of code points, in the component; 0 in an insertion
};

std::optional<TextComponent> parse_component(const boost::json::value& from) {
    if (const auto* text = from.if_string()) {
        return TextComponent{Kind::kInsert, count_points(*text), std::string(*text)};
    }
    const auto* object = from.if_object();
    const auto* length = object ? object->if_contains("d") : &from;
    if (length == nullptr || (object && object->size() != 1)) return std::nullopt;
    const auto kind = object ? Kind::kDelete : Kind::kSkip;
    if (object && length->is_string()) {
        return TextComponent{kind, count_points(length->get_string())};
    }
    const bool is_length =
        length->is_int64() && length->get_int64() > 0 && length->get_int64() <= kMaxLength;
    if (!is_length) return std::nullopt;
    return TextComponent{kind, static_cast<std::size_t>(length->get_int64())};
}

}  // namespace

std::size_t count_points(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::optional<TextOp> parse_text_op(const boost::json::value& from) {
    const auto* list = from.if_array();
    if (list == nullptr || list->size() > kMaxComponents) return std::nullopt;
    TextOp out;
    for (const auto& item : *list) {
        auto component = parse_component(item);
        if (!component) return std::nullopt;
        append(out, std::move(*component));
    }
    return trimmed(std::move(out));
}

boost::json::array to_json(const TextOp& op) {
    boost::json::array out;
    for (const auto& component : op) {
        const auto length = static_cast<std::int64_t>(component.length);
        if (component.kind == Kind::kInsert)
            out.emplace_back(component.text);
        else if (component.kind == Kind::kSkip)
            out.emplace_back(length);
        else
            out.emplace_back(boost::json::object{{"d", length}});
    }
    return out;
}

std::optional<std::string> apply_text_op(std::string_view text, const TextOp& op) {
    std::string out;
    for (const auto& component : op) {
        if (component.kind == Kind::kInsert) {
            out += component.text;
            continue;
        }
        const auto bytes = byte_offset(text, component.length);
        if (bytes == std::string_view::npos) return std::nullopt;
        if (component.kind == Kind::kSkip) out += text.substr(0, bytes);
        text.remove_prefix(bytes);
    }
    return out.append(text);
}

TextOp transform_text_op(const TextOp& op, const TextOp& other, Side side) {
    TextOp out;
    Taker rest(op);
    for (const auto& theirs : other) {
        if (theirs.kind == Kind::kInsert) {
            if (side == Side::kLeft && rest.is_insert()) append(out, rest.take(kAll));
            append(out, {Kind::kSkip, theirs.length});
            continue;
        }
        for (auto left = theirs.length; left > 0;) {
            auto mine = rest.take(left);
            const bool inserts = mine.kind == Kind::kInsert;
            if (!inserts) left -= mine.length;
            if (inserts || theirs.kind == Kind::kSkip) append(out, std::move(mine));
        }
    }
    while (!rest.at_end())
        append(out, rest.take(kAll));
    return trimmed(std::move(out));
}

}  // namespace streamwall::collaboration
