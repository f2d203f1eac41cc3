#include "storage-sql/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

namespace streamwall::storage {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

const char* skip_space(const char* at, const char* end) {
    while (at != end && is_space(*at))
        ++at;
    return at;
}

// `at` is on the opening quote; the result is behind the closing one.
const char* skip_string(const char* at, const char* end) {
    const char* const begin = at + 1;
    for (at = begin; at < end; ++at) {
        at = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
        if (at == nullptr) return end;
        const char* slash = at;
        while (slash != begin && slash[-1] == '\\')
            --slash;
        if ((at - slash) % 2 == 0) return at + 1;
    }
    return end;
}

// What matters while a nested value is skipped, and what ends a number or a literal.
struct Marks {
    std::array<bool, 256> structure{};
    std::array<bool, 256> behind_scalar{};
};
constexpr Marks kMarks = [] {
    Marks out;
    for (const char c : {'"', '{', '}', '[', ']'})
        out.structure[static_cast<unsigned char>(c)] = true;
    for (const char c : {',', '}', ']', ' ', '\n', '\r', '\t'})
        out.behind_scalar[static_cast<unsigned char>(c)] = true;
    return out;
}();

const char* skip_value(const char* at, const char* end) {
    if (at == end) return end;
    if (*at == '"') return skip_string(at, end);
    if (*at != '{' && *at != '[') {
        while (at != end && !kMarks.behind_scalar[static_cast<unsigned char>(*at)])
            ++at;
        return at;
    }
    int depth = 0;
    while (at != end) {
        const char c = *at;
        if (c == '"') {
            at = skip_string(at, end);
            continue;
        }
        ++at;
        if (!kMarks.structure[static_cast<unsigned char>(c)]) continue;
        depth += c == '{' || c == '[' ? 1 : -1;
        if (depth == 0) return at;
    }
    return end;
}

bool has_nul(const boost::json::string& text) {
    return std::memchr(text.data(), 0, text.size()) != nullptr;
}

// Finds what Boost.JSON lets through and the contract does not, going once through the tree and the
// text it was made from, side by side.
class Inspection {
  public:
    explicit Inspection(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

    // Null where there is nothing to object to.
    const char* look_at(const boost::json::value& value) {
        at_ = skip_space(at_, end_);
        if (const auto* object = value.if_object()) return members(*object);
        if (const auto* array = value.if_array()) return elements(*array);
        if (is_at('{') || is_at('[')) return kTwice;
        const char* begin = std::exchange(at_, skip_value(at_, end_));
        switch (value.kind()) {
            case boost::json::kind::uint64:
                return kWide;
            case boost::json::kind::double_:
                if (!std::isfinite(value.get_double())) return "a number is not finite";
                return std::string_view(begin, at_).find_first_of(".eE") == std::string_view::npos
                           ? kWide
                           : nullptr;
            case boost::json::kind::string:
                return has_nul(value.get_string()) ? "a text holds U+0000" : nullptr;
            default:
                return nullptr;
        }
    }

  private:
    static constexpr const char* kWide = "an integer is outside int64";
    // The tree keeps one member for each key, so a second one is where text and tree differ.
    static constexpr const char* kTwice = "a key appears twice";

    const char* members(const boost::json::object& object) {
        if (!is_at('{')) return kTwice;
        ++at_;
        for (const auto& member : object) {
            if (!find_item()) return kTwice;
            if (std::memchr(member.key().data(), 0, member.key().size()) != nullptr) {
                return "a key holds U+0000";
            }
            at_ = skip_space(skip_string(at_, end_), end_);
            if (at_ != end_) ++at_;  // the colon
            if (const char* found = look_at(member.value())) return found;
        }
        return leave();
    }
    const char* elements(const boost::json::array& array) {
        if (!is_at('[')) return kTwice;
        ++at_;
        for (const auto& element : array) {
            if (!find_item()) return kTwice;
            if (const char* found = look_at(element)) return found;
        }
        return leave();
    }
    // Goes to the next member or element; false at the end of the container.
    bool find_item() {
        at_ = skip_space(at_, end_);
        if (is_at(',')) at_ = skip_space(at_ + 1, end_);
        return at_ != end_ && *at_ != '}' && *at_ != ']';
    }
    const char* leave() {
        if (find_item()) return kTwice;
        if (at_ != end_) ++at_;
        return nullptr;
    }
    bool is_at(char c) const { return at_ != end_ && *at_ == c; }

    const char* at_;
    const char* end_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    std::size_t clean = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, clean, i - clean);
        clean = i + 1;
        out += '\\';
        switch (c) {
            case '"':
            case '\\':
                out += static_cast<char>(c);
                break;
            case '\n':
                out += 'n';
                break;
            case '\r':
                out += 'r';
                break;
            case '\t':
                out += 't';
                break;
            default:
                out += "u00";
                out += kHex[c >> 4];
                out += kHex[c & 15];
        }
    }
    out.append(text, clean);
    out += '"';
}

void append_integer(std::string& out, std::int64_t value) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_real(std::string& out, double value) {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

Result<std::unique_ptr<Document>> Document::parse(std::string text) {
    std::unique_ptr<Document> document(new Document(std::move(text)));
    boost::json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    boost::system::error_code error;
    document->root_ = boost::json::parse(document->text_, error, &document->memory_, options);
    if (error) {
        return std::unexpected(Error{
            Code::kInvalidArgument, "the request is no valid JSON: " + error.message(), {}, {}});
    }
    if (!document->root_.is_object()) {
        return std::unexpected(
            Error{Code::kInvalidArgument, "the request is not a JSON object", {}, {}});
    }
    if (const char* found = Inspection(document->text_).look_at(document->root_)) {
        return std::unexpected(
            Error{Code::kInvalidArgument, std::string("the request is refused: ") + found, {}, {}});
    }
    return document;
}

RawItems::RawItems(std::string_view container)
    : at_(container.data()), end_(container.data() + container.size()), object_(false) {
    at_ = skip_space(at_, end_);
    if (at_ == end_) return;
    object_ = *at_ == '{';
    ++at_;
}

RawItems RawItems::of_member(std::string_view object, std::string_view key) {
    RawItems items(object);
    while (items.find_value()) {
        if (items.key() == key) return RawItems({items.at_, items.end_});
        items.take_value();
    }
    return RawItems({});
}

bool RawItems::next() {
    if (!find_value()) return false;
    take_value();
    return true;
}

// Goes to the next value, over its key; false at the end.
bool RawItems::find_value() {
    at_ = skip_space(at_, end_);
    if (at_ != end_ && *at_ == ',') at_ = skip_space(at_ + 1, end_);
    if (at_ == end_ || *at_ == '}' || *at_ == ']') return false;
    if (!object_) return true;
    const char* behind = skip_string(at_, end_);
    key_ = {at_ + 1, behind - 1};
    at_ = skip_space(behind, end_);
    if (at_ != end_) at_ = skip_space(at_ + 1, end_);  // the colon
    return true;
}

void RawItems::take_value() {
    const char* behind = skip_value(at_, end_);
    value_ = {at_, behind};
    at_ = behind;
}

std::string_view raw_member(std::string_view object, std::string_view key) {
    for (RawItems items(object); items.next();) {
        if (items.key() == key) return items.value();
    }
    return {};
}

std::string compact(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    const char* at = json.data();
    const char* end = at + json.size();
    while (at != end) {
        if (is_space(*at)) {
            ++at;
            continue;
        }
        const char* behind = *at == '"' ? skip_string(at, end) : at + 1;
        out.append(at, behind);
        at = behind;
    }
    return out;
}

std::string_view text_member(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr || !value->is_string()) return {};
    return {value->get_string().data(), value->get_string().size()};
}

}  // namespace streamwall::storage
