// The logger: levels and secrets behind a lock for readers, lines through an spdlog sink.
#include "telemetry/log.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "telemetry/log_render.hpp"

namespace streamwall::telemetry {

namespace {

constexpr std::array<std::string_view, 6> kLevelNames = {"trace", "debug", "info",
                                                         "warn",  "error", "off"};
constexpr std::size_t kShortestSecret = 4;

// Lines arrive rendered: the sink must add nothing to them.
class VerbatimFormatter : public spdlog::formatter {
  public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        out.append(message.payload.data(), message.payload.data() + message.payload.size());
    }
    [[nodiscard]] std::unique_ptr<formatter> clone() const override {
        return std::make_unique<VerbatimFormatter>();
    }
};

class FunctionSink : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit FunctionSink(std::function<void(std::string_view)> function)
        : function_(std::move(function)) {}

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        function_({message.payload.data(), message.payload.size()});
    }
    void flush_() override {}

  private:
    std::function<void(std::string_view)> function_;
};

std::int64_t system_now_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

struct Logger::State {
    std::unique_ptr<spdlog::sinks::sink> sink;
    std::function<std::int64_t()> now_ms;
    bool json = false;
    bool colours = false;
    std::string process;

    std::atomic<Level> level{Level::kInfo};
    std::atomic<Level> lowest{Level::kInfo};  // of the common and all plugins' levels
    mutable std::shared_mutex mutex;          // guards what follows; never held while writing
    std::map<std::string, Level, std::less<>> plugin_levels;
    std::shared_ptr<const std::vector<std::string>> secrets =
        std::make_shared<const std::vector<std::string>>();

    void update_lowest() {
        Level value = level.load();
        for (const auto& [plugin, plugin_level] : plugin_levels)
            value = std::min(value, plugin_level);
        lowest.store(value);
    }
};

std::string_view to_string(Level level) {
    return kLevelNames[static_cast<std::size_t>(level)];
}

std::optional<Level> parse_level(std::string_view name) {
    const auto found = std::ranges::find(kLevelNames, name);
    if (found == kLevelNames.end()) return std::nullopt;
    return static_cast<Level>(found - kLevelNames.begin());
}

std::optional<LogFormat> parse_log_format(std::string_view name) {
    if (name == "auto") return LogFormat::kAuto;
    if (name == "text") return LogFormat::kText;
    if (name == "json") return LogFormat::kJson;
    return std::nullopt;
}

Logger::Logger(LogOptions options) : state_(std::make_unique<State>()) {
    const bool is_terminal = !options.sink && isatty(STDERR_FILENO) == 1;
    state_->json =
        options.format == LogFormat::kJson || (options.format == LogFormat::kAuto && !is_terminal);
    state_->colours = is_terminal;
    state_->process = std::move(options.process);
    state_->now_ms = options.now_ms ? std::move(options.now_ms) : system_now_ms;
    state_->level = options.level;
    state_->lowest = options.level;
    if (options.sink) {
        state_->sink = std::make_unique<FunctionSink>(std::move(options.sink));
    } else {
        state_->sink = std::make_unique<spdlog::sinks::stderr_sink_mt>();
    }
    state_->sink->set_formatter(std::make_unique<VerbatimFormatter>());
}

Logger::~Logger() = default;

bool Logger::enabled(Level level, std::string_view plugin) const {
    if (level == Level::kOff || level < state_->lowest.load(std::memory_order_relaxed))
        return false;
    const std::shared_lock lock(state_->mutex);
    const auto found = state_->plugin_levels.find(plugin);
    const Level wanted =
        found == state_->plugin_levels.end() ? state_->level.load() : found->second;
    return level >= wanted;
}

void Logger::log(Level level, std::string_view event, std::string_view plugin,
                 std::string_view message, std::span<const Field> fields) {
    if (!enabled(level, plugin)) return;
    std::shared_ptr<const std::vector<std::string>> secrets;
    {
        const std::shared_lock lock(state_->mutex);
        secrets = state_->secrets;
    }
    std::vector<Field> with_process;
    if (!state_->process.empty()) {
        with_process.assign(fields.begin(), fields.end());
        with_process.emplace_back("process", state_->process);
        fields = with_process;
    }
    const Record record{state_->now_ms(), level, event, plugin, message, fields};
    const std::string line = state_->json ? render_json(record, *secrets)
                                          : render_text(record, *secrets, state_->colours);
    spdlog::details::log_msg entry;
    entry.payload = spdlog::string_view_t(line.data(), line.size());
    try {
        state_->sink->log(entry);
    } catch (const std::exception&) {
        // A log that cannot be written (full disk, closed pipe) must not take its caller down, and
        // there is nowhere left to say so.
    }
}

void Logger::set_level(Level level) {
    const std::unique_lock lock(state_->mutex);
    state_->level = level;
    state_->update_lowest();
}

void Logger::set_plugin_level(std::string_view plugin, std::optional<Level> level) {
    const std::unique_lock lock(state_->mutex);
    if (level) {
        state_->plugin_levels.insert_or_assign(std::string(plugin), *level);
    } else if (const auto found = state_->plugin_levels.find(plugin);
               found != state_->plugin_levels.end()) {
        state_->plugin_levels.erase(found);
    }
    state_->update_lowest();
}

void Logger::add_secret(std::string_view secret) {
    if (secret.size() < kShortestSecret) return;
    const std::unique_lock lock(state_->mutex);
    if (std::ranges::find(*state_->secrets, secret) != state_->secrets->end()) return;
    auto grown = std::make_shared<std::vector<std::string>>(*state_->secrets);
    grown->emplace_back(secret);
    std::ranges::sort(*grown, std::ranges::greater{}, &std::string::size);
    state_->secrets = std::move(grown);
}

bool Logger::writes_json() const {
    return state_->json;
}

void Logger::flush() {
    try {
        state_->sink->flush();
    } catch (const std::exception&) {
        // As in log(): nowhere left to say so.
    }
}

}  // namespace streamwall::telemetry
