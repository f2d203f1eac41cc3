// Structured logs: one record is one line, JSON for machines or text for a terminal.
//
//   logger.info("http.listening", "http-server", "listening", {{"address", "127.0.0.1:3000"}});
//
// Any thread may log at any time. What strangers wrote cannot break a line or a terminal: control
// characters, escape sequences and Unicode line separators are escaped in both forms; a field is
// cut at 8 KiB; registered secrets are replaced by *** wherever they occur.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace streamwall::telemetry {

enum class Level : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kOff };

std::string_view to_string(Level level);
std::optional<Level> parse_level(std::string_view name);

enum class LogFormat { kAuto, kText, kJson };  // kAuto: text if stderr is a terminal, else JSON
std::optional<LogFormat> parse_log_format(std::string_view name);

inline constexpr std::size_t kMaxFieldBytes = 8 * 1024;

// One name and value. The texts are borrowed for the call only.
struct Field {
    using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

    std::string_view name;
    Value value;

    Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
    Field(std::string_view field_name, const std::string& text)
        : name(field_name), value(std::string_view(text)) {}
    Field(std::string_view field_name, const char* text)
        : name(field_name), value(std::string_view(text)) {}
    Field(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
    Field(std::string_view field_name, int number)
        : name(field_name), value(static_cast<std::int64_t>(number)) {}
    Field(std::string_view field_name, std::int64_t number) : name(field_name), value(number) {}
    Field(std::string_view field_name, std::uint64_t number) : name(field_name), value(number) {}
    Field(std::string_view field_name, double number) : name(field_name), value(number) {}
};

struct LogOptions {
    Level level = Level::kInfo;
    LogFormat format = LogFormat::kAuto;
    // Added to each record as the field `process`, where several processes write to one place.
    std::string process = {};
    // Gets each finished line with its line break, one at a time; absent: stderr, unbuffered.
    std::function<void(std::string_view line)> sink = {};
    // Milliseconds since 1970; absent: the system's clock.
    std::function<std::int64_t()> now_ms = {};
};

// Owns its sink; there is no registry and no default logger, so two hosts in one process do not
// meet. Lines of one call are written whole; a sink that throws loses that line only.
class Logger {
  public:
    explicit Logger(LogOptions options = {});
    ~Logger();
    Logger(const Logger&) = delete;
    Logger& operator=(const Logger&) = delete;

    // `event` is the stable name of what happened ("http.listening"), `plugin` the instance, or
    // "kernel"; `message` is for people. Costs a few ns when the level is off.
    void log(Level level, std::string_view event, std::string_view plugin, std::string_view message,
             std::span<const Field> fields);
    void log(Level level, std::string_view event, std::string_view plugin, std::string_view message,
             std::initializer_list<Field> fields = {}) {
        log(level, event, plugin, message, std::span<const Field>(fields.begin(), fields.size()));
    }
    void debug(std::string_view event, std::string_view plugin, std::string_view message,
               std::initializer_list<Field> fields = {}) {
        log(Level::kDebug, event, plugin, message, fields);
    }
    void info(std::string_view event, std::string_view plugin, std::string_view message,
              std::initializer_list<Field> fields = {}) {
        log(Level::kInfo, event, plugin, message, fields);
    }
    void warn(std::string_view event, std::string_view plugin, std::string_view message,
              std::initializer_list<Field> fields = {}) {
        log(Level::kWarn, event, plugin, message, fields);
    }
    void error(std::string_view event, std::string_view plugin, std::string_view message,
               std::initializer_list<Field> fields = {}) {
        log(Level::kError, event, plugin, message, fields);
    }

    [[nodiscard]] bool enabled(Level level, std::string_view plugin) const;

    void set_level(Level level);
    // For one instance; nullopt returns it to the common level.
    void set_plugin_level(std::string_view plugin, std::optional<Level> level);

    // From now on every occurrence is written as ***. Shorter than four bytes is ignored: it would
    // blacken innocent text, and protects nothing.
    void add_secret(std::string_view secret);

    [[nodiscard]] bool writes_json() const;
    void flush();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace streamwall::telemetry
