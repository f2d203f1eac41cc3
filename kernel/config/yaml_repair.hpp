// Keeps reading after a syntax error: finds the line to blame, reports it, cuts it out.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/source.hpp"

namespace streamwall::config {

// The text under repair. Lines keep their numbers; columns that moved are mapped back, so every
// position reported is one of the file as its author sees it.
class RepairableText {
  public:
    explicit RepairableText(std::string_view text);

    // Replaces tabs in indentation by the spaces that were probably meant, and reports each.
    void expand_tabs(std::string_view file, Diagnostics& out);

    // `line` and `column` are 0-based, as the YAML parser counts; `message` is its complaint.
    // Reports the mistake behind it and cuts it out. False if nothing is left to cut.
    bool repair(std::size_t line, std::size_t column, std::string_view message,
                std::string_view file, Diagnostics& out);

    // Replaces an alias by null, so that the parser goes on; the tree builder cannot see it.
    bool remove_alias(std::size_t line, std::size_t column, std::string_view file,
                      Diagnostics& out);

    [[nodiscard]] Position position(std::size_t line, std::size_t byte_column) const;
    [[nodiscard]] std::string_view line(std::size_t index) const;
    [[nodiscard]] std::size_t line_count() const { return lines_.size(); }
    [[nodiscard]] std::string joined() const;
    // False if the quote that stands there is open to the end of the file.
    [[nodiscard]] bool quote_is_closed(std::size_t line, std::size_t column) const;
    // True where a mistake was cut out, so that the null found there says nothing.
    [[nodiscard]] bool was_cut(std::size_t line) const { return cuts_.contains(line); }

  private:
    struct Blame {
        std::size_t line;
        std::size_t column;
        std::string message;
        bool with_children;
    };

    [[nodiscard]] Blame find_blame(std::size_t line, std::size_t column,
                                   std::string_view message) const;
    [[nodiscard]] bool find_open_quote(std::size_t until, Blame& blame) const;
    [[nodiscard]] bool find_open_bracket(std::size_t from, Blame& blame) const;
    [[nodiscard]] std::size_t previous_content(std::size_t line) const;
    void mark_block_scalars();
    [[nodiscard]] std::size_t meant_indent(std::size_t line,
                                           const std::vector<std::string>& indents) const;
    void cut_value(std::size_t line);
    void cut_children(std::size_t line);

    std::vector<std::string> lines_;
    std::vector<bool> literal_;           // the line is text of a block scalar ('|' or '>')
    std::vector<std::ptrdiff_t> shifts_;  // columns added to the line's indentation
    std::map<std::size_t, int> cuts_;     // line → how often it was cut
};

}  // namespace streamwall::config
