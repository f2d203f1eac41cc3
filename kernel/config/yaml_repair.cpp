// Heuristics that trace a YAML parser's complaint back to the line a person would blame.
#include "config/yaml_repair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "config/text_checks.hpp"

namespace streamwall::config {

namespace {

constexpr std::size_t kNone = std::string::npos;

std::size_t indent_of(std::string_view line) {
    return std::min(line.find_first_not_of(' '), line.size());
}

bool is_blank(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    return first == kNone || line[first] == '#';
}

// Where the "key:" of a block mapping ends (behind the colon), kNone if the line has none.
std::size_t end_of_key(std::string_view line) {
    std::size_t i = indent_of(line);
    while (line.substr(i).starts_with("- "))
        i = std::min(line.find_first_not_of(' ', i + 1), line.size());
    for (; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"' || c == '\'' || c == '[' || c == '{' || c == '#') return kNone;
        if (c == ':' && (i + 1 == line.size() || line[i + 1] == ' ' || line[i + 1] == '\r')) {
            return i + 1;
        }
    }
    return kNone;
}

// Offset behind the quote that closes the one at `open`, kNone if the line ends first.
std::size_t end_of_quoted(std::string_view line, std::size_t open) {
    const char quote = line[open];
    for (std::size_t i = open + 1; i < line.size(); ++i) {
        if (quote == '"' && line[i] == '\\') {
            ++i;
        } else if (line[i] == quote) {
            if (quote == '\'' && line.substr(i + 1).starts_with('\'')) {
                ++i;
            } else {
                return i + 1;
            }
        }
    }
    return kNone;
}

// Calls visit(offset, character) for each character outside quotes and comments. Returns the offset
// of a quote that the line leaves open, kNone otherwise.
template <typename Visit>
std::size_t scan_line(std::string_view line, Visit visit) {
    char previous = ' ';  // the last character that is not blank, as far as it matters to quotes
    for (std::size_t i = indent_of(line); i < line.size(); ++i) {
        const char c = line[i];
        const bool may_open = std::string_view(" [{,:-").find(previous) != std::string_view::npos;
        if ((c == '"' || c == '\'') && may_open) {
            const std::size_t end = end_of_quoted(line, i);
            if (end == kNone) return i;
            i = end - 1;
            previous = 'x';
            continue;
        }
        if (c == '#' && (i == 0 || line[i - 1] == ' ')) break;
        visit(i, c);
        if (c != ' ') previous = c;
    }
    return kNone;
}

// True if a quoted scalar opened on an earlier line ends on this one with nothing stray behind it.
bool closes_cleanly(std::string_view line, char quote) {
    const std::string probe = std::string(1, quote) + std::string(line);
    const std::size_t end = end_of_quoted(probe, 0);
    if (end == kNone) return false;
    const std::size_t rest = probe.find_first_not_of(" ,]}\r", end);
    return rest == kNone || probe[rest] == '#';
}

// True for "key: |", "- >-" and the like: the deeper lines that follow are text, not YAML.
bool opens_block_scalar(std::string_view line) {
    const std::size_t last = line.find_last_not_of(" \r");
    if (last == kNone) return false;
    const std::size_t sign = line.find_last_not_of("0123456789+-", last);
    if (sign == kNone || (line[sign] != '|' && line[sign] != '>')) return false;
    return sign >= 2 && line[sign - 1] == ' ' && (line[sign - 2] == ':' || line[sign - 2] == '-');
}

std::string plain_message(std::string_view parser_message) {
    static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
        {"end of map not found", "indentation fits no block above, or a ':' is missing"},
        {"end of sequence not found", "indentation fits no block above, or a '-' is missing"},
        {"illegal map value", "a ':' where no value can begin; quote text that holds ': '"},
        {"illegal block entry", "a list entry '-' where none can begin"},
        {"illegal flow end", "a closing bracket without its opening one"},
        {"unknown token", "a character that cannot begin a value; quote the text"},
        {"unknown escape character", "unknown escape in a quoted text"},
        {"illegal EOF in scalar", "a quoted text that never ends"},
    };
    for (const auto& [theirs, ours] : kWords) {
        if (parser_message.starts_with(theirs)) return std::string(ours);
    }
    return std::string(parser_message);
}

}  // namespace

RepairableText::RepairableText(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines_.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    shifts_.resize(lines_.size(), 0);
    mark_block_scalars();
}

void RepairableText::mark_block_scalars() {
    literal_.resize(lines_.size(), false);
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        if (!opens_block_scalar(lines_[i])) continue;
        const std::size_t indent = std::min(lines_[i].find_first_not_of(" \t"), lines_[i].size());
        while (i + 1 < lines_.size()) {
            const std::size_t first = lines_[i + 1].find_first_not_of(" \t\r");
            if (first != kNone && first <= indent) break;
            literal_[++i] = true;
        }
    }
}

std::string_view RepairableText::line(std::size_t index) const {
    return index < lines_.size() ? std::string_view(lines_[index]) : std::string_view{};
}

std::string RepairableText::joined() const {
    return fmt::format("{}", fmt::join(lines_, "\n"));
}

bool RepairableText::quote_is_closed(std::size_t line_index, std::size_t column) const {
    const char quote = line(line_index)[column];
    if (end_of_quoted(line(line_index), column) != kNone) return true;
    for (std::size_t i = line_index + 1; i < lines_.size(); ++i) {
        if (end_of_quoted(quote + lines_[i], 0) != kNone) return true;
    }
    return false;
}

Position RepairableText::position(std::size_t line_index, std::size_t byte_column) const {
    const std::string_view content = line(line_index);
    const std::string_view before = content.substr(0, std::min(byte_column, content.size()));
    const auto characters = std::ranges::count_if(
        before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    const std::ptrdiff_t shift = line_index < shifts_.size() ? shifts_[line_index] : 0;
    return {line_index + 1,
            static_cast<std::size_t>(std::max<std::ptrdiff_t>(characters - shift, 0)) + 1};
}

void RepairableText::expand_tabs(std::string_view file, Diagnostics& out) {
    std::vector<std::string> indents(lines_.size());  // as written
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        std::string& text = lines_[i];
        const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
        indents[i] = text.substr(0, first);
        const std::size_t tab = indents[i].find('\t');
        if (tab == kNone || literal_[i]) continue;
        if (is_blank(text)) {
            text.clear();  // YAML allows the tab here, yaml-cpp does not
            continue;
        }
        if (out.size() < kMaxFindings) {
            out.push_back({std::string(file), position(i, tab), "", Code::kTabIndentation,
                           "a tab in the indentation", "use spaces to indent"});
        }
        const std::size_t wanted = meant_indent(i, indents);
        text.replace(0, first, std::string(wanted, ' '));
        shifts_[i] = static_cast<std::ptrdiff_t>(wanted) - static_cast<std::ptrdiff_t>(first);
    }
}

// Beside the nearest line above that is indented the same, else below a line that ends with its
// key, else beside the line above.
std::size_t RepairableText::meant_indent(std::size_t line_index,
                                         const std::vector<std::string>& indents) const {
    const std::size_t above = previous_content(line_index);
    if (above == kNone) return 0;
    std::size_t same = above;
    while (same != kNone && indents[same].size() > indents[line_index].size() &&
           indents[same].find('\t') != kNone) {
        same = previous_content(same);
    }
    if (same != kNone && indents[same] == indents[line_index]) return indent_of(lines_[same]);
    const std::size_t key_end = end_of_key(lines_[above]);
    const bool opens_block =
        key_end != kNone && lines_[above].find_first_not_of(" \r", key_end) == kNone;
    return indent_of(lines_[above]) + (opens_block ? 2 : 0);
}

bool RepairableText::remove_alias(std::size_t line_index, std::size_t column, std::string_view file,
                                  Diagnostics& out) {
    if (line_index >= lines_.size() || column >= lines_[line_index].size()) return false;
    std::string& text = lines_[line_index];
    const std::size_t star = text.find('*', column);
    if (star == kNone) return false;
    const std::size_t end = std::min(text.find_first_of(" ,]}\r", star), text.size());
    out.push_back({std::string(file), position(line_index, star), "", Code::kAlias,
                   fmt::format("alias '{}' is refused", text.substr(star, end - star)),
                   "write the value out"});
    text.replace(star, end - star, std::string(end - star, ' '));
    text[star] = '~';
    cuts_[line_index];
    return true;
}

bool RepairableText::repair(std::size_t line_index, std::size_t column, std::string_view message,
                            std::string_view file, Diagnostics& out) {
    if (lines_.empty()) return false;
    const std::size_t known_line = std::min(line_index, lines_.size() - 1);
    Blame blame = find_blame(known_line, column, message);
    const int times = ++cuts_[blame.line];
    if (times > 2) {
        // The blamed line is empty by now, so the blame was wrong: give up the line complained of.
        if (is_blank(lines_[known_line])) return false;
        cuts_[known_line] = 2;
        lines_[known_line].clear();
        return true;
    }
    if (times == 1) {
        out.push_back({std::string(file), position(blame.line, blame.column), "", Code::kYamlSyntax,
                       blame.message, ""});
        cut_value(blame.line);
        if (blame.with_children) cut_children(blame.line);
    } else {
        cut_children(blame.line);
        lines_[blame.line].assign(indent_of(lines_[blame.line]), ' ');
    }
    return true;
}

RepairableText::Blame RepairableText::find_blame(std::size_t line_index, std::size_t column,
                                                 std::string_view message) const {
    Blame blame{line_index, column, plain_message(message), false};
    if (find_open_quote(line_index, blame)) return blame;
    if (message.find("flow not found") != kNone && find_open_bracket(line_index, blame))
        return blame;
    if (is_blank(lines_[line_index])) {
        const std::size_t above = previous_content(line_index);
        if (above != kNone) blame.line = above, blame.column = indent_of(lines_[above]);
        return blame;
    }
    if (!message.starts_with("illegal map value")) return blame;
    // "a b" followed by "c: d", or a value followed by a deeper "c: d": the parser has joined both
    // lines into one plain text and trips over the colon of the second.
    const std::size_t above = previous_content(line_index);
    const std::size_t key_end = end_of_key(lines_[line_index]);
    if (above == kNone || key_end == kNone || key_end != column + 1) return blame;
    const std::size_t indent = indent_of(lines_[line_index]);
    if (indent > indent_of(lines_[above]) && end_of_key(lines_[above]) != kNone) {
        return {line_index, indent, "indented deeper than the entry above, which has a value",
                false};
    }
    if (end_of_key(lines_[above]) == kNone) {
        return {above, indent_of(lines_[above]), "expected 'key: value', found no ':'", false};
    }
    return blame;
}

bool RepairableText::find_open_quote(std::size_t until, Blame& blame) const {
    for (std::size_t i = 0; i <= until; ++i) {
        if (literal_[i] || is_blank(lines_[i])) continue;
        const std::size_t open = scan_line(lines_[i], [](std::size_t, char) {});
        if (open == kNone) continue;
        const char quote = lines_[i][open];
        std::size_t next = i + 1;
        while (next < lines_.size() && end_of_quoted(quote + lines_[next], 0) == kNone)
            ++next;
        if (next < lines_.size() && closes_cleanly(lines_[next], quote)) {
            i = next;
            continue;
        }
        blame = {i, open, "a quoted text that never ends", false};
        return true;
    }
    return false;
}

bool RepairableText::find_open_bracket(std::size_t from, Blame& blame) const {
    // Backwards: the innermost bracket opened at or before the complaint and not closed until then.
    std::ptrdiff_t balance = 0;
    for (std::size_t i = from + 1; i-- > 0;) {
        if (literal_[i]) continue;
        std::vector<std::pair<std::size_t, char>> brackets;
        scan_line(lines_[i], [&](std::size_t at, char c) {
            if (std::string_view("[]{}").find(c) != std::string_view::npos)
                brackets.emplace_back(at, c);
        });
        for (const auto& [at, c] : brackets | std::views::reverse) {
            balance += c == ']' || c == '}' ? 1 : -1;
            if (balance >= 0) continue;
            blame = {i, at, fmt::format("'{}' is never closed", c), true};
            return true;
        }
    }
    return false;
}

std::size_t RepairableText::previous_content(std::size_t line_index) const {
    while (line_index-- > 0) {
        if (!is_blank(lines_[line_index])) return line_index;
    }
    return kNone;
}

// Keeps "key:" so that siblings and children still have their place in the tree.
void RepairableText::cut_value(std::size_t line_index) {
    std::string& text = lines_[line_index];
    const std::size_t key_end = end_of_key(text);
    if (key_end != kNone && text.find_first_not_of(" \r", key_end) != kNone) {
        text.resize(key_end);
    } else {
        text.assign(indent_of(text), ' ');
    }
}

void RepairableText::cut_children(std::size_t line_index) {
    const std::size_t indent = indent_of(lines_[line_index]);
    for (std::size_t i = line_index + 1; i < lines_.size(); ++i) {
        if (is_blank(lines_[i])) continue;
        if (indent_of(lines_[i]) <= indent) break;
        lines_[i].clear();
    }
}

}  // namespace streamwall::config
