// Linear scans over the raw configuration text.
#include "config/text_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace streamwall::config {

namespace {

constexpr std::size_t kMaxBadBytesReported = 20;
// The scan does not know strings and comments, so brackets inside them count too; the exact limit
// of kMaxDepth is kept while the tree is built. This one only protects the parser's stack and time.
constexpr std::size_t kMaxOpenBrackets = 4 * kMaxDepth;

// Length of the valid UTF-8 sequence at `offset`, 0 if there is none (RFC 3629, section 4).
std::size_t sequence_length(std::string_view text, std::size_t offset) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return offset + i < text.size() ? static_cast<unsigned char>(text[offset + i]) : 0U;
    };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const bool overlong = first == 0xE0 && byte(1) < 0xA0;
        const bool surrogate = first == 0xED && byte(1) >= 0xA0;
        return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool overlong = first == 0xF0 && byte(1) < 0x90;
        const bool too_large = first == 0xF4 && byte(1) >= 0x90;
        return continues(1) && continues(2) && continues(3) && !overlong && !too_large ? 4 : 0;
    }
    return 0;
}

bool is_forbidden_control(std::string_view text, std::size_t offset) {
    const auto c = static_cast<unsigned char>(text[offset]);
    if (c == '\r') return offset + 1 >= text.size() || text[offset + 1] != '\n';
    return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
}

void check_encoding(std::string_view text, std::string_view file, Diagnostics& out) {
    std::size_t reported = 0;
    for (std::size_t i = 0; i < text.size() && reported < kMaxBadBytesReported;) {
        const std::size_t length = sequence_length(text, i);
        const auto byte = static_cast<unsigned char>(text[i]);
        if (length != 0 && !is_forbidden_control(text, i)) {
            i += length;
            continue;
        }
        const std::string what = length == 0 ? fmt::format("byte 0x{:02X} is not UTF-8", byte)
                                             : fmt::format("control character 0x{:02X}", byte);
        out.push_back({std::string(file), position_at(text, i), "", Code::kNotText, what, ""});
        ++reported;
        // One finding a line is enough: a binary file would otherwise drown the rest.
        const std::size_t newline = text.find('\n', i);
        if (newline == std::string_view::npos) break;
        i = newline + 1;
    }
}

Diagnostic too_deep(std::string_view text, std::string_view file, std::size_t offset) {
    return {std::string(file),
            position_at(text, offset),
            "",
            Code::kTooDeep,
            fmt::format("nested more than {} levels deep", kMaxDepth),
            ""};
}

// Offset of the bracket that opens one level too many, npos if none does.
std::size_t find_deep_flow(std::string_view text) {
    std::size_t open = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '[' || text[i] == '{') {
            if (++open > kMaxOpenBrackets) return i;
        } else if ((text[i] == ']' || text[i] == '}') && open > 0) {
            --open;
        }
    }
    return std::string_view::npos;
}

// Offset of the line (or of the "- " within a line) that begins one block level too many. Every
// block level stands in a column of its own, so the columns still open bound the depth.
std::size_t find_deep_block(std::string_view text) {
    std::array<std::size_t, kMaxDepth> columns{};
    std::size_t open = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::size_t i = begin;
        while (i < end) {
            while (i < end && (text[i] == ' ' || text[i] == '\t'))
                ++i;
            if (i >= end || text[i] == '#' || text[i] == '\r') break;
            const std::size_t column = i - begin;
            while (open > 0 && columns[open - 1] >= column)
                --open;
            if (open == columns.size()) return i;
            columns[open++] = column;
            const bool opens_block = (text[i] == '-' || text[i] == '?' || text[i] == ':') &&
                                     (i + 1 < end && (text[i + 1] == ' ' || text[i + 1] == '\t'));
            if (!opens_block) break;
            ++i;
        }
        begin = end + 1;
    }
    return std::string_view::npos;
}

// yaml-cpp reads a whole flow collection ahead before it tells of its first value, so the values in
// it are bounded by their separators. Commas inside texts count too; settings hold no such texts.
std::size_t find_excess_value(std::string_view text) {
    std::size_t values = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((text[i] == ',' || text[i] == '[' || text[i] == '{') && ++values > kMaxValues) return i;
    }
    return std::string_view::npos;
}

}  // namespace

Position position_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
    const auto is_character = [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    };
    return {
        static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
        static_cast<std::size_t>(std::ranges::count_if(before.substr(line_start), is_character)) +
            1};
}

void check_text(std::string_view text, std::string_view file, Diagnostics& out) {
    if (text.size() > kMaxTextBytes) {
        out.push_back({std::string(file),
                       {},
                       "",
                       Code::kTextTooLarge,
                       fmt::format("{} bytes, allowed are {}", text.size(), kMaxTextBytes),
                       ""});
        return;
    }
    check_encoding(text, file, out);
    for (const std::size_t offset : {find_deep_flow(text), find_deep_block(text)}) {
        if (offset == std::string_view::npos) continue;
        out.push_back(too_deep(text, file, offset));
        return;
    }
    if (const std::size_t offset = find_excess_value(text); offset != std::string_view::npos) {
        out.push_back({std::string(file), position_at(text, offset), "", Code::kTooManyValues,
                       fmt::format("more than {} values", kMaxValues), ""});
    }
}

}  // namespace streamwall::config
