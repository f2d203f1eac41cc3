// Rendering of log records, with everything escaped that a line, a terminal or a JSON reader obeys.
#include "telemetry/log_render.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <iterator>

namespace streamwall::telemetry {

namespace {

constexpr std::string_view kCut = "…";

struct Decoded {
    char32_t point = 0;
    std::size_t length = 0;  // 0: no valid UTF-8 here
};

// RFC 3629, section 4: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t i) -> char32_t {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
    };
    const char32_t first = byte(0);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) return {};
    char32_t point = first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return {};
        point = (point << 6U) | (byte(i) & 0x3FU);
    }
    constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < kSmallest[length] || is_surrogate || point > 0x10FFFF) return {};
    return {point, length};
}

// C0 (ESC among them), DEL, C1, line and paragraph separator, and the marks that reorder text.
bool must_be_escaped(char32_t point) {
    return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x2028 || point == 0x2029 ||
           (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) ||
           point == 0xFEFF;
}

std::string hide_secrets(std::string_view text, const std::vector<std::string>& secrets) {
    std::string result(text);
    for (const std::string& secret : secrets) {
        for (std::size_t at = result.find(secret); at != std::string::npos;
             at = result.find(secret, at + 3)) {
            result.replace(at, secret.size(), "***");
        }
    }
    return result;
}

// Secrets go first: a cut in the middle of one would leave its beginning.
void append_field(std::string& out, std::string_view text,
                  const std::vector<std::string>& secrets) {
    std::string hidden = hide_secrets(text, secrets);
    const bool is_long = hidden.size() > kMaxFieldBytes;
    if (is_long) {
        hidden.resize(kMaxFieldBytes);
        // Do not leave half a character behind.
        while (!hidden.empty() && (static_cast<unsigned char>(hidden.back()) & 0xC0U) == 0x80U)
            hidden.pop_back();
        if (!hidden.empty() && static_cast<unsigned char>(hidden.back()) >= 0xC0U)
            hidden.pop_back();
    }
    append_escaped(out, hidden);
    if (is_long) out += kCut;
}

void append_quoted(std::string& out, std::string_view text,
                   const std::vector<std::string>& secrets) {
    out += '"';
    append_field(out, text, secrets);
    out += '"';
}

// Words stay bare in text lines; anything with blanks, quotes or '=' is quoted.
void append_word(std::string& out, std::string_view text, const std::vector<std::string>& secrets) {
    const bool is_bare = !text.empty() && text.find_first_of(" \"=") == std::string_view::npos;
    if (is_bare) return append_field(out, text, secrets);
    append_quoted(out, text, secrets);
}

template <typename AppendText>
void append_value(std::string& out, const Field::Value& value, AppendText append_text) {
    if (const auto* text = std::get_if<std::string_view>(&value)) return append_text(*text);
    auto to = std::back_inserter(out);
    if (const auto* flag = std::get_if<bool>(&value)) {
        out += *flag ? "true" : "false";
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
        fmt::format_to(to, "{}", *number);
    } else if (const auto* positive = std::get_if<std::uint64_t>(&value)) {
        fmt::format_to(to, "{}", *positive);
    } else if (const auto* real = std::get_if<double>(&value)) {
        // JSON has no word for these.
        if (std::isfinite(*real)) {
            fmt::format_to(to, "{}", *real);
        } else {
            append_text(std::isnan(*real) ? "NaN" : *real > 0 ? "Infinity" : "-Infinity");
        }
    }
}

bool is_taken(std::string_view name) {
    constexpr std::array<std::string_view, 5> kOwn = {"ts", "level", "event", "plugin", "message"};
    for (const std::string_view own : kOwn) {
        if (name == own) return true;
    }
    return false;
}

std::string_view colour_of(Level level) {
    switch (level) {
        case Level::kError:
            return "\x1b[31m";
        case Level::kWarn:
            return "\x1b[33m";
        case Level::kInfo:
            return "\x1b[32m";
        default:
            return "\x1b[2m";
    }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        if (decoded.length == 0) {
            out += "\\ufffd";
            text.remove_prefix(1);
            continue;
        }
        if (decoded.point == '"' || decoded.point == '\\') {
            out += '\\';
            out += static_cast<char>(decoded.point);
        } else if (decoded.point == '\n') {
            out += "\\n";
        } else if (decoded.point == '\r') {
            out += "\\r";
        } else if (decoded.point == '\t') {
            out += "\\t";
        } else if (must_be_escaped(decoded.point)) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}",
                           static_cast<unsigned>(decoded.point));
        } else {
            out.append(text.substr(0, decoded.length));
        }
        text.remove_prefix(decoded.length);
    }
}

std::string format_time(std::int64_t time_ms) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds(time_ms)};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

std::string render_json(const Record& record, const std::vector<std::string>& secrets) {
    std::string line = fmt::format(R"({{"ts":"{}","level":"{}","event":)",
                                   format_time(record.time_ms), to_string(record.level));
    append_quoted(line, record.event, secrets);
    line += R"(,"plugin":)";
    append_quoted(line, record.plugin, secrets);
    line += R"(,"message":)";
    append_quoted(line, record.message, secrets);
    for (const Field& field : record.fields) {
        line += ",\"";
        // A field must not pass itself off as one of the record's own.
        if (is_taken(field.name)) line += "field_";
        append_field(line, field.name, secrets);
        line += "\":";
        append_value(line, field.value,
                     [&](std::string_view text) { append_quoted(line, text, secrets); });
    }
    line += "}\n";
    return line;
}

std::string render_text(const Record& record, const std::vector<std::string>& secrets,
                        bool colours) {
    std::string line = fmt::format("{} {}{:<5}{} ", format_time(record.time_ms),
                                   colours ? colour_of(record.level) : "", to_string(record.level),
                                   colours ? "\x1b[0m" : "");
    append_word(line, record.plugin, secrets);
    line += ' ';
    append_word(line, record.event, secrets);
    line += ": ";
    // A '=' could pass for a field that the caller never wrote.
    if (record.message.find('=') == std::string_view::npos) {
        append_field(line, record.message, secrets);
    } else {
        append_quoted(line, record.message, secrets);
    }
    for (const Field& field : record.fields) {
        line += ' ';
        append_word(line, field.name, secrets);
        line += '=';
        append_value(line, field.value,
                     [&](std::string_view text) { append_word(line, text, secrets); });
    }
    line += '\n';
    return line;
}

}  // namespace streamwall::telemetry
