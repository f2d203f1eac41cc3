#include "page_index.hpp"

#include <charconv>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;

void append_escaped(std::string& out, std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > ' ' && c != ';' && c != '%' && byte != 0x7f) {
            out += c;
            continue;
        }
        out += '%';
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
}

std::string escaped(std::string_view text) {
    std::string out;
    append_escaped(out, text);
    return out;
}

// The text up to the next space, and past it.
std::string_view take_word(std::string_view& text) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

std::int64_t take_number(std::string_view& text) {
    const auto word = take_word(text);
    std::int64_t out = 0;
    std::from_chars(word.data(), word.data() + word.size(), out);
    return out;
}

}  // namespace

std::string entry_keys(std::string_view resource, std::string_view id, std::string_view actor_id,
                       std::string_view actor_name) {
    std::string out;
    append_escaped(out, resource);
    out += '/';
    append_escaped(out, id);
    out += ' ';
    append_escaped(out, actor_id);
    out += ' ';
    append_escaped(out, actor_name);
    return out += ';';
}

void append_keys(std::string& index, std::int64_t sequence, std::int64_t delta_ms,
                 std::string_view keys) {
    index += std::to_string(sequence);
    index += ' ';
    index += std::to_string(delta_ms);
    index += ' ';
    index += keys;
}

std::optional<Keys> next_keys(std::string_view& index, std::int64_t from_ms) {
    const auto end = index.find(';');
    if (end == index.npos) return std::nullopt;
    auto part = index.substr(0, end);
    index.remove_prefix(end + 1);
    Keys out;
    out.sequence = take_number(part);
    out.at_ms = from_ms + take_number(part);
    const auto subject = take_word(part);
    const auto slash = std::min(subject.find('/'), subject.size());
    out.resource = subject.substr(0, slash);
    out.id = subject.substr(std::min(slash + 1, subject.size()));
    out.actor_id = take_word(part);
    out.actor_name = part;
    return out;
}

Search::Search(std::string_view actor, std::string_view resource, std::string_view id,
               std::optional<std::int64_t> since_ms)
    : actor_(escaped(actor)), resource_(escaped(resource)), id_(escaped(id)), since_ms_(since_ms) {}

bool Search::takes_all() const {
    return actor_.empty() && resource_.empty() && id_.empty() && !since_ms_;
}

bool Search::matches(const Keys& keys) const {
    return (actor_.empty() || actor_ == keys.actor_id || actor_ == keys.actor_name) &&
           (resource_.empty() || resource_ == keys.resource) && (id_.empty() || id_ == keys.id) &&
           (!since_ms_ || keys.at_ms >= *since_ms_);
}

bj::array Search::filters() const {
    bj::array out;
    const auto contains = [&](std::string text) {
        out.push_back({{"field", "keys"}, {"op", "contains"}, {"value", text}});
    };
    if (!resource_.empty() || !id_.empty()) {
        contains((resource_.empty() ? std::string() : " " + resource_) + "/" +
                 (id_.empty() ? std::string() : id_ + " "));
    }
    if (!actor_.empty()) contains(" " + actor_);
    if (since_ms_) out.push_back({{"field", "until_ms"}, {"op", "ge"}, {"value", *since_ms_}});
    return out;
}

}  // namespace streamwall::audit
