// Parsers of the text formats; all linear, none allocates more than its result.
#include "config/formats.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace streamwall::config {

namespace {

constexpr std::int64_t kMaxDurationNs = std::int64_t{365} * 24 * 3600 * 1'000'000'000;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_alnum(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

template <typename Integer>
std::optional<Integer> parse_number(std::string_view text) {
    Integer value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Splits a leading run of digits off `text`.
std::string_view take_digits(std::string_view& text) {
    const std::size_t end =
        static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
    const std::string_view digits = text.substr(0, end);
    text.remove_prefix(end);
    return digits;
}

bool is_duration(std::string_view text) {
    return parse_duration(text).has_value();
}

bool is_byte_size(std::string_view text) {
    return parse_byte_size(text).has_value();
}

bool is_listen_address(std::string_view text) {
    return parse_listen_address(text).has_value();
}

// RFC 3986: a scheme, a colon, and only characters that may stand in a URI; "//" needs a host.
bool is_uri(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
    const std::string_view scheme = text.substr(0, colon);
    const bool scheme_is_good = !is_digit(scheme[0]) && std::ranges::all_of(scheme, [](char c) {
        return is_alnum(c) || c == '+' || c == '-' || c == '.';
    });
    if (!scheme_is_good) return false;
    std::string_view rest = text.substr(colon + 1);
    if (rest.starts_with("///")) return scheme == "file";
    if (rest.starts_with("//") && rest.size() == 2) return false;
    return std::ranges::all_of(rest, [](char c) {
        return is_alnum(c) ||
               std::string_view("-._~:/?#[]@!$&'()*+,;=%").find(c) != std::string_view::npos;
    });
}

// RFC 3339 section 5.6, without the leap second table.
bool is_date_time(std::string_view text) {
    constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() < kShape.size() + 1) return false;
    for (std::size_t i = 0; i < kShape.size(); ++i) {
        if (kShape[i] == 'd' ? !is_digit(text[i]) : text[i] != kShape[i]) return false;
    }
    const auto number = [&](std::size_t at) {
        return (text[at] - '0') * 10 + (text[at + 1] - '0');
    };
    const auto year = std::chrono::year{number(0) * 100 + number(2)};
    const auto month = std::chrono::month{static_cast<unsigned>(number(5))};
    const auto day = std::chrono::day{static_cast<unsigned>(number(8))};
    if (!(year / month / day).ok() || number(11) > 23 || number(14) > 59 || number(17) > 60) {
        return false;
    }
    std::string_view rest = text.substr(kShape.size());
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        if (take_digits(rest).empty()) return false;
    }
    if (rest == "Z") return true;
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return false;
    return parse_number<int>(rest.substr(1, 2)).value_or(99) < 24 &&
           parse_number<int>(rest.substr(4, 2)).value_or(99) < 60;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = text[i];
        const bool is_hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (is_dash ? c != '-' : !is_hex) return false;
    }
    return true;
}

bool is_email(std::string_view text) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || text.size() > 254) return false;
    const std::string_view domain = text.substr(at + 1);
    const bool is_printable =
        std::ranges::all_of(text, [](char c) { return c > ' ' && c != 0x7F; });
    return is_printable && domain.find('.') != std::string_view::npos && !domain.starts_with('.') &&
           !domain.ends_with('.') && text.find('@') == at;
}

constexpr auto kFormats = std::to_array<Format>({
    {"duration", "a duration such as 5s or 250ms", is_duration},
    {"byte-size", "a size such as 64KiB or 10MiB", is_byte_size},
    {"uri", "a URI such as https://example.org/path", is_uri},
    {"listen-address", "an address such as 127.0.0.1:3000", is_listen_address},
    {"date-time", "a time such as 2026-01-31T12:00:00Z", is_date_time},
    {"uuid", "a UUID", is_uuid},
    {"email", "an e-mail address", is_email},
});

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {{"ns", 1},
                                                                    {"us", 1'000},
                                                                    {"ms", 1'000'000},
                                                                    {"s", 1'000'000'000},
                                                                    {"m", 60'000'000'000},
                                                                    {"h", 3'600'000'000'000},
                                                                    {"d", 86'400'000'000'000}};
    if (text.empty()) return std::nullopt;
    std::int64_t total = 0;
    std::int64_t last_factor = std::numeric_limits<std::int64_t>::max();
    while (!text.empty()) {
        const auto amount = parse_number<std::int64_t>(take_digits(text));
        const auto is_letter = [](char c) { return !is_digit(c); };
        const auto unit_end = std::ranges::find_if_not(text, is_letter);
        const std::string_view unit(text.begin(), unit_end);
        const auto found =
            std::ranges::find(kUnits, unit, &std::pair<std::string_view, std::int64_t>::first);
        // Units must get smaller from left to right: "30s1m" is a slip of the pen.
        if (!amount || found == std::end(kUnits) || found->second >= last_factor)
            return std::nullopt;
        if (*amount > (kMaxDurationNs - total) / found->second) return std::nullopt;
        total += *amount * found->second;
        last_factor = found->second;
        text.remove_prefix(unit.size());
    }
    return std::chrono::nanoseconds(total);
}

std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
    constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
        {"", 1},           {"B", 1},      {"KiB", 1U << 10}, {"MiB", 1U << 20},
        {"GiB", 1U << 30}, {"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}};
    const auto amount = parse_number<std::uint64_t>(take_digits(text));
    const auto found =
        std::ranges::find(kUnits, text, &std::pair<std::string_view, std::uint64_t>::first);
    if (!amount || found == std::end(kUnits)) return std::nullopt;
    if (*amount > std::numeric_limits<std::uint64_t>::max() / found->second) return std::nullopt;
    return *amount * found->second;
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
    if (text.starts_with("unix:")) {
        const std::string_view path = text.substr(5);
        if (!path.starts_with('/') || path.size() > 107) return std::nullopt;  // sun_path, unix(7)
        return ListenAddress{"", 0, std::string(path)};
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    std::string_view host = text.substr(0, colon);
    if (!port || host.empty()) return std::nullopt;
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        const bool is_v6 =
            host.find(':') != std::string_view::npos &&
            host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
        if (!is_v6) return std::nullopt;
    } else if (host != "*" && !std::ranges::all_of(host, [](char c) {
                   return is_alnum(c) || c == '.' || c == '-';
               })) {
        return std::nullopt;
    }
    return ListenAddress{std::string(host), *port, ""};
}

std::span<const Format> all_formats() {
    return kFormats;
}

const Format* find_format(std::string_view name) {
    const auto found = std::ranges::find(kFormats, name, &Format::name);
    return found == kFormats.end() ? nullptr : &*found;
}

}  // namespace streamwall::config
