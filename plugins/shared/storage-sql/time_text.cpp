#include "storage-sql/time_text.hpp"

#include <algorithm>
#include <chrono>

namespace streamwall::storage {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kMsPerDay = 86'400'000;
constexpr std::int64_t kFirstMs =
    sys_days{std::chrono::year{0} / 1 / 1}.time_since_epoch().count() * kMsPerDay;
constexpr std::int64_t kLastMs =
    (sys_days{std::chrono::year{9999} / 12 / 31}.time_since_epoch().count() + 1) * kMsPerDay - 1;

void put_digits(char* at, int width, unsigned value) {
    for (int i = width - 1; i >= 0; --i, value /= 10)
        at[i] = static_cast<char>('0' + value % 10);
}

// Reads exactly `width` digits; -1 where there are none.
int take_digits(std::string_view& text, std::size_t width) {
    if (text.size() < width) return -1;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(width);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::int64_t> take_offset_ms(std::string_view& text) {
    if (take(text, "Zz")) return 0;
    const bool west = !text.empty() && text.front() == '-';
    if (!take(text, "+-")) return std::nullopt;
    const int hours = take_digits(text, 2);
    if (hours < 0 || hours > 23 || !take(text, ":")) return std::nullopt;
    const int minutes = take_digits(text, 2);
    if (minutes < 0 || minutes > 59) return std::nullopt;
    const std::int64_t offset = (hours * 60 + minutes) * 60'000LL;
    return west ? -offset : offset;
}

}  // namespace

void append_time(std::string& out, std::int64_t unix_ms) {
    unix_ms = std::clamp(unix_ms, kFirstMs, kLastMs);
    const auto day = std::chrono::floor<days>(
        std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(unix_ms)));
    const year_month_day date{day};
    auto rest = static_cast<unsigned>(unix_ms - day.time_since_epoch().count() * kMsPerDay);
    char text[] = "0000-00-00T00:00:00.000Z";
    put_digits(text, 4, static_cast<unsigned>(static_cast<int>(date.year())));
    put_digits(text + 5, 2, static_cast<unsigned>(date.month()));
    put_digits(text + 8, 2, static_cast<unsigned>(date.day()));
    put_digits(text + 20, 3, rest % 1000);
    rest /= 1000;
    put_digits(text + 17, 2, rest % 60);
    put_digits(text + 14, 2, rest / 60 % 60);
    put_digits(text + 11, 2, rest / 3600);
    out.append(text, sizeof text - 1);
}

std::string time_text(std::int64_t unix_ms) {
    std::string text;
    append_time(text, unix_ms);
    return text;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
    const int year = take_digits(text, 4);
    if (year < 0 || !take(text, "-")) return std::nullopt;
    const int month = take_digits(text, 2);
    if (month < 0 || !take(text, "-")) return std::nullopt;
    const int day = take_digits(text, 2);
    const year_month_day date{std::chrono::year{year},
                              std::chrono::month{static_cast<unsigned>(std::max(month, 0))},
                              std::chrono::day{static_cast<unsigned>(std::max(day, 0))}};
    if (day < 0 || !date.ok() || !take(text, "Tt ")) return std::nullopt;
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23 || !take(text, ":")) return std::nullopt;
    const int minute = take_digits(text, 2);
    if (minute < 0 || minute > 59 || !take(text, ":")) return std::nullopt;
    const int second = take_digits(text, 2);
    if (second < 0 || second > 60) return std::nullopt;
    int ms = 0;
    if (take(text, ".")) {
        int scale = 100;
        const std::size_t before = text.size();
        while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
            ms += (text.front() - '0') * scale;
            scale /= 10;
            text.remove_prefix(1);
        }
        if (text.size() == before) return std::nullopt;
    }
    const auto offset = take_offset_ms(text);
    if (!offset || !text.empty()) return std::nullopt;
    const std::int64_t whole = second == 60 ? 59'999 : second * 1000LL + ms;
    const std::int64_t result = sys_days{date}.time_since_epoch().count() * kMsPerDay +
                                hour * 3'600'000LL + minute * 60'000LL + whole - *offset;
    if (result < kFirstMs || result > kLastMs) return std::nullopt;
    return result;
}

}  // namespace streamwall::storage
