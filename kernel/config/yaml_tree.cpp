// Builds the tree from yaml-cpp's events; everything the house forbids is reported on the way.
#include "config/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "config/text_checks.hpp"
#include "config/yaml_repair.hpp"

namespace streamwall::config {

namespace {

constexpr std::size_t kMaxRepairs = 128;
// All attempts together read at most this much, so that a large broken file stays cheap.
constexpr std::size_t kMaxBytesRead = kMaxTextBytes;

// Thrown out of the parser when going on makes no sense; the reason has been reported.
struct StopParsing {};

class TreeBuilder : public YAML::EventHandler {
  public:
    TreeBuilder(const RepairableText& text, std::string_view file, Diagnostics& out)
        : text_(text), file_(file), out_(out) {}

    Node take_root() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ == 1) return;
        report(position(mark), Code::kManyDocuments, "a second document begins here");
        throw StopParsing{};
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        check_properties(mark, "");
        Node node;
        node.position = position(mark);
        const std::string_view source = source_at(mark);
        const bool is_written = source.starts_with('~') || source.starts_with("null") ||
                                source.starts_with("Null") || source.starts_with("NULL");
        // An absent value "stands" at its key; the parser names whatever follows it.
        if (!is_written && expects_value()) node.position = frames_.back().key_position;
        if (text_.was_cut(node.position.line - 1)) node.kind = Node::Kind::kUnreadable;
        add(std::move(node));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        report(position(mark), Code::kAlias, "an alias is refused", "write the value out");
        add(unreadable(mark));
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  const std::string& value) override {
        const std::size_t skipped = check_properties(mark, tag);
        Node node;
        node.kind = Node::Kind::kScalar;
        node.text = value;
        node.position = position(mark);
        const std::string_view source = source_at(mark).substr(skipped);
        node.quoted = !source.empty() && std::string_view("\"'|>").find(source[0]) != source.npos;
        const bool is_flow_quoted = source.starts_with('"') || source.starts_with('\'');
        if (is_flow_quoted &&
            !text_.quote_is_closed(static_cast<std::size_t>(mark.line),
                                   static_cast<std::size_t>(mark.column) + skipped)) {
            // yaml-cpp closes it silently at the end of the file.
            throw YAML::ParserException(mark, YAML::ErrorMsg::EOF_IN_SCALAR);
        }
        if (value.find("${") != std::string::npos) node.markers = find_markers(mark, value);
        add(std::move(node));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) override {
        open(mark, tag, Node::Kind::kSequence);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {
        open(mark, tag, Node::Kind::kMapping);
    }
    void OnMapEnd() override { close(); }

    // What was read before the parser gave up is kept.
    void close_all() {
        is_closing_ = true;
        while (!frames_.empty())
            close();
    }

  private:
    struct Frame {
        Node node;
        bool has_key = false;
        std::string key;
        Position key_position;
        std::unordered_map<std::string, Position> seen;
        bool is_key = false;  // a collection that stands where a key should
    };

    [[nodiscard]] Position position(const YAML::Mark& mark) const {
        return text_.position(static_cast<std::size_t>(std::max(mark.line, 0)),
                              static_cast<std::size_t>(std::max(mark.column, 0)));
    }

    [[nodiscard]] std::string_view source_at(const YAML::Mark& mark) const {
        const std::string_view line = text_.line(static_cast<std::size_t>(std::max(mark.line, 0)));
        return line.substr(
            std::min(static_cast<std::size_t>(std::max(mark.column, 0)), line.size()));
    }

    [[nodiscard]] bool expects_value() const { return !frames_.empty() && frames_.back().has_key; }

    void report(Position where, Code code, std::string message, std::string hint = "") {
        if (out_.size() >= kMaxFindings) return stop();
        out_.push_back(
            {std::string(file_), where, path(), code, std::move(message), std::move(hint)});
    }

    void stop() const {
        if (!is_closing_) throw StopParsing{};
    }

    [[nodiscard]] std::string path() const {
        std::string result;
        for (const Frame& frame : frames_) {
            if (frame.node.is_sequence()) {
                result = join_path(result, frame.node.items.size());
            } else if (frame.has_key) {
                result = join_path(result, frame.key);
            }
        }
        return result;
    }

    // Anchors and tags stand before the value, and the mark is theirs. Returns how much of the line
    // they take.
    std::size_t check_properties(const YAML::Mark& mark, const std::string& tag) {
        const std::string_view source = source_at(mark);
        std::size_t at = 0;
        while (at < source.size() && (source[at] == '&' || source[at] == '!')) {
            const std::size_t end = std::min(source.find_first_of(" \r", at), source.size());
            const std::string_view word = source.substr(at, end - at);
            const Position where = text_.position(static_cast<std::size_t>(mark.line),
                                                  static_cast<std::size_t>(mark.column) + at);
            if (source[at] == '&') {
                report(where, Code::kAnchor, fmt::format("anchor '{}' is refused", word),
                       "write the value where it is needed");
            } else {
                report(where, Code::kTag, fmt::format("tag '{}' is refused", word),
                       "remove it: the setting's schema decides the type");
            }
            at = std::min(source.find_first_not_of(' ', end), source.size());
        }
        const bool has_tag = !tag.empty() && tag != "?" && tag != "!";
        if (has_tag && at == 0)
            report(position(mark), Code::kTag, fmt::format("tag '{}' is refused", tag));
        return at;
    }

    Node unreadable(const YAML::Mark& mark) const {
        Node node;
        node.kind = Node::Kind::kUnreadable;
        node.position = position(mark);
        return node;
    }

    // Positions of each "${" of a scalar, read from the source because escapes, folding and
    // indentation make them differ from offsets in the value.
    [[nodiscard]] std::vector<Position> find_markers(const YAML::Mark& mark,
                                                     const std::string& value) const {
        std::size_t wanted = 0;
        for (std::size_t at = value.find("${"); at != value.npos; at = value.find("${", at + 2))
            ++wanted;
        std::vector<Position> found;
        auto line = static_cast<std::size_t>(mark.line);
        auto column = static_cast<std::size_t>(mark.column);
        while (found.size() < wanted && line < text_.line_count()) {
            const std::size_t at = text_.line(line).find("${", column);
            if (at == std::string_view::npos) {
                ++line;
                column = 0;
                continue;
            }
            found.push_back(text_.position(line, at));
            column = at + 2;
        }
        return found;
    }

    void open(const YAML::Mark& mark, const std::string& tag, Node::Kind kind) {
        check_properties(mark, tag);
        if (frames_.size() >= kMaxDepth) {
            report(position(mark), Code::kTooDeep,
                   fmt::format("nested more than {} levels deep", kMaxDepth));
            throw StopParsing{};
        }
        Frame frame;
        frame.node.kind = kind;
        frame.node.position = position(mark);
        if (!frames_.empty() && frames_.back().node.is_mapping() && !frames_.back().has_key) {
            report(frame.node.position, Code::kKeyNotScalar, "a key must be a plain word",
                   "quote the text if it begins with a bracket");
            frame.is_key = true;
        }
        frames_.push_back(std::move(frame));
    }

    void close() {
        Frame frame = std::move(frames_.back());
        frames_.pop_back();
        if (frame.is_key) frame.node.kind = Node::Kind::kUnreadable;
        add(std::move(frame.node));
    }

    void add(Node node) {
        if (++values_ > kMaxValues) {
            if (!is_closing_) {
                report(node.position, Code::kTooManyValues,
                       fmt::format("more than {} values", kMaxValues));
            }
            stop();
        }
        if (frames_.empty()) {
            root_ = std::move(node);
            return;
        }
        Frame& frame = frames_.back();
        if (frame.node.is_sequence()) {
            frame.node.items.push_back(std::move(node));
        } else if (!frame.has_key) {
            set_key(frame, std::move(node));
        } else {
            add_entry(frame, std::move(node));
        }
    }

    void set_key(Frame& frame, Node node) {
        if (node.kind == Node::Kind::kNull) {
            report(node.position, Code::kKeyNotScalar, "a key is missing here");
        } else if (node.is_scalar() && node.text == "<<" && !node.quoted) {
            report(node.position, Code::kMergeKey, "merge key '<<' is refused",
                   "write the keys out");
        }
        frame.has_key = true;
        frame.key_position = node.position;
        frame.key = node.is_scalar() ? std::move(node.text) : std::string();
    }

    void add_entry(Frame& frame, Node node) {
        frame.has_key = false;
        if (frame.key.empty() || frame.key == "<<") return;
        const auto [first, is_new] = frame.seen.try_emplace(frame.key, frame.key_position);
        if (!is_new) {
            report(frame.key_position, Code::kDuplicateKey,
                   fmt::format("key '{}' stands here again, first on line {}", frame.key,
                               first->second.line),
                   "remove one of them");
            return;
        }
        frame.node.entries.push_back({std::move(frame.key), frame.key_position, std::move(node)});
    }

    const RepairableText& text_;
    std::string_view file_;
    Diagnostics& out_;
    Node root_;
    std::vector<Frame> frames_;
    std::size_t documents_ = 0;
    std::size_t values_ = 0;
    bool is_closing_ = false;
};

// One attempt. True if the parser reached the end or must not be tried again.
bool read_once(RepairableText& text, Document& document, Diagnostics& repairs) {
    std::istringstream stream(text.joined());
    Diagnostics found;
    TreeBuilder builder(text, document.file, found);
    bool done = true;
    try {
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const StopParsing&) {
        builder.close_all();
    } catch (const YAML::Exception& problem) {
        builder.close_all();
        const auto line = static_cast<std::size_t>(std::max(problem.mark.line, 0));
        const auto column = static_cast<std::size_t>(std::max(problem.mark.column, 0));
        done = problem.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)
                   ? !text.remove_alias(line, column, document.file, repairs)
                   : !text.repair(line, column, problem.msg, document.file, repairs);
    }
    // What an earlier attempt saw stays true, even where a later cut hides it.
    document.diagnostics.insert(document.diagnostics.end(), found.begin(), found.end());
    document.root = builder.take_root();
    return done;
}

std::optional<double> parse_float(std::string_view text) {
    if (text.find_first_not_of("+-.0123456789eE") != text.npos) return std::nullopt;
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

const Entry* Node::find_entry(std::string_view key) const {
    for (const Entry& entry : entries) {
        if (entry.key == key) return &entry;
    }
    return nullptr;
}

const Node* Node::find(std::string_view key) const {
    const Entry* entry = find_entry(key);
    return entry == nullptr ? nullptr : &entry->value;
}

Document parse_yaml(std::string_view text, std::string file) {
    Document document;
    document.file = std::move(file);
    check_text(text, document.file, document.diagnostics);
    if (!document.diagnostics.empty()) {
        document.root.kind = Node::Kind::kUnreadable;
        return document;
    }
    RepairableText repairable(text);
    Diagnostics repairs;
    repairable.expand_tabs(document.file, repairs);
    std::size_t bytes_read = 0;
    for (std::size_t attempt = 0; attempt < kMaxRepairs && bytes_read <= kMaxBytesRead; ++attempt) {
        if (read_once(repairable, document, repairs)) break;
        bytes_read += text.size();
    }
    document.diagnostics.insert(document.diagnostics.end(), repairs.begin(), repairs.end());
    sort_and_deduplicate(document.diagnostics);
    return document;
}

boost::json::value scalar_to_json(const Node& scalar) {
    if (scalar.quoted) return boost::json::value(scalar.text);
    const std::string& text = scalar.text;
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
    const bool is_octal_trap = digits.size() > 1 && digits[0] == '0' && digits[1] != '.';
    if (is_octal_trap) return boost::json::value(text);
    std::int64_t integer = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
    if (error == std::errc{} && end == text.data() + text.size()) return integer;
    if (const auto number = parse_float(text)) return *number;
    return boost::json::value(text);
}

boost::json::value to_json(const Node& node) {
    switch (node.kind) {
        case Node::Kind::kScalar:
            return scalar_to_json(node);
        case Node::Kind::kSequence: {
            boost::json::array array;
            for (const Node& item : node.items)
                array.push_back(to_json(item));
            return array;
        }
        case Node::Kind::kMapping: {
            boost::json::object object;
            for (const Entry& entry : node.entries)
                object[entry.key] = to_json(entry.value);
            return object;
        }
        case Node::Kind::kNull:
        case Node::Kind::kUnreadable:
            return nullptr;
    }
    return nullptr;
}

}  // namespace streamwall::config
