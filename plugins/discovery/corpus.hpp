// Reads the tables of cases in testdata/.
#pragma once

#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::discovery::corpus {

struct Case {
    int line = 0;
    std::vector<std::string> columns;  // at least three, empty where the line has fewer
};

inline std::vector<std::string> split(std::string_view text, std::string_view separator) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + separator.size());
    }
}

inline void append_utf8(std::string& text, char32_t c) {
    if (c < 0x80) {
        text += static_cast<char>(c);
        return;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    constexpr unsigned char kLead[] = {0, 0xC0, 0xE0, 0xF0};
    text += static_cast<char>(kLead[more] | (c >> (6 * more)));
    for (int i = more - 1; i >= 0; --i)
        text += static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3F));
}

// \n, \r, \t and \u{1F525} become what they stand for.
inline std::string unescape(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            plain += text[i];
            continue;
        }
        const char kind = text[++i];
        if (kind == 'u') {
            const std::size_t end = text.find('}', i);
            unsigned value = 0;
            std::from_chars(text.data() + i + 2, text.data() + end, value, 16);
            append_utf8(plain, value);
            i = end;
        } else {
            plain += kind == 'n' ? '\n' : kind == 'r' ? '\r' : '\t';
        }
    }
    return plain;
}

inline std::vector<Case> read(std::string_view name) {
    std::ifstream file(std::string(DISCOVERY_TESTDATA) + "/" + std::string(name));
    if (!file) throw std::runtime_error("no test data " + std::string(name));
    std::vector<Case> cases;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.starts_with("# ") || line.empty()) continue;
        Case row{number, split(line, "\t")};
        row.columns.resize(std::max<std::size_t>(row.columns.size(), 3));
        row.columns[0] = unescape(row.columns[0]);
        cases.push_back(std::move(row));
    }
    return cases;
}

}  // namespace streamwall::discovery::corpus
