// RFC 3339 times, written and read without the locale or the system's time zone.
#include "streamwall/model/rfc3339.hpp"

#include "streamwall/model/text.hpp"

namespace streamwall::model {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Reads a time from left to right; the first thing that does not fit makes it fail for good.
class TimeReader {
  public:
    explicit TimeReader(std::string_view text) : rest_(text) {}

    int number(std::size_t digits, int least, int most) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            const char c = take();
            if (!is_digit(c)) ok_ = false;
            value = value * 10 + (c - '0');
        }
        if (value < least || value > most) ok_ = false;
        return ok_ ? value : least;
    }

    char one_of(std::string_view choices) {
        const char c = take();
        if (c == '\0' || choices.find(c) == std::string_view::npos) ok_ = false;
        return c;
    }

    milliseconds fraction() {
        if (rest_.empty() || rest_.front() != '.') return milliseconds(0);
        take();
        if (rest_.empty() || !is_digit(rest_.front())) ok_ = false;
        int value = 0;
        for (int unit = 100; !rest_.empty() && is_digit(rest_.front()); unit /= 10) {
            value += unit * (take() - '0');
        }
        return milliseconds(value);
    }

    bool finished() const { return ok_ && rest_.empty(); }

  private:
    char take() {
        if (rest_.empty()) return '\0';
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    std::string_view rest_;
    bool ok_ = true;
};

void append_number(std::string& text, int value, std::size_t digits, char after) {
    text.append(digits + 1, after);
    for (std::size_t i = 0; i < digits; ++i, value /= 10) {
        text[text.size() - 2 - i] = static_cast<char>('0' + value % 10);
    }
}

constexpr UtcTime kFirst = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr UtcTime kEnd = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);

}  // namespace

std::string format_time(UtcTime time) {
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string text;
    text.reserve(24);
    append_number(text, int(date.year()), 4, '-');
    append_number(text, static_cast<int>(unsigned(date.month())), 2, '-');
    append_number(text, static_cast<int>(unsigned(date.day())), 2, 'T');
    append_number(text, static_cast<int>(clock.hours().count()), 2, ':');
    append_number(text, static_cast<int>(clock.minutes().count()), 2, ':');
    append_number(text, static_cast<int>(clock.seconds().count()), 2, '.');
    append_number(text, static_cast<int>(clock.subseconds().count()), 3, 'Z');
    return text;
}

std::optional<UtcTime> parse_time(std::string_view text) {
    TimeReader reader(text);
    const std::chrono::year year(reader.number(4, 0, 9999));
    reader.one_of("-");
    const std::chrono::month month(static_cast<unsigned>(reader.number(2, 1, 12)));
    reader.one_of("-");
    const std::chrono::day day(static_cast<unsigned>(reader.number(2, 1, 31)));
    reader.one_of("Tt ");
    milliseconds clock = hours(reader.number(2, 0, 23));
    reader.one_of(":");
    clock += minutes(reader.number(2, 0, 59));
    reader.one_of(":");
    clock += seconds(reader.number(2, 0, 60));
    clock += reader.fraction();
    if (const char zone = reader.one_of("Zz+-"); zone == '+' || zone == '-') {
        milliseconds offset = hours(reader.number(2, 0, 23));
        reader.one_of(":");
        offset += minutes(reader.number(2, 0, 59));
        clock += zone == '+' ? -offset : offset;
    }
    const std::chrono::year_month_day date(year, month, day);
    if (!reader.finished() || !date.ok()) return std::nullopt;
    const UtcTime time = std::chrono::sys_days(date) + clock;
    if (time < kFirst || time >= kEnd) return std::nullopt;
    return time;
}

}  // namespace streamwall::model
