#include "key_traffic.hpp"

namespace streamwall::http_server {

KeySeries& KeyNames::series_of(const Host& host, std::string_view name) {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
    if (by_name_.size() >= kMostNames) name = kOthers;
    auto& series = by_name_[std::string(name)];
    if (series.passed != nullptr) return series;
    const auto make = [&](std::string_view result) {
        return host.series(SW_COUNTER, "streamwall_http_server_key_requests_total",
                           "Requests of service keys, by the key's name",
                           {{"key", name}, {"result", result}});
    };
    series.passed = make("passed");
    series.limited = make("limited");
    return series;
}

KeySeries& KeyTraffic::series_of(const Host& host, const Principal& principal) {
    if (const auto found = by_key_.find(principal.rate_id); found != by_key_.end()) {
        return *found->second;
    }
    if (by_key_.size() >= kMostKeys) by_key_.clear();
    auto& series = names_.series_of(host, principal.name);
    by_key_.emplace(principal.rate_id, &series);
    return series;
}

void KeyTraffic::count(const Host& host, const Principal& principal, bool passed,
                       std::int64_t second) {
    if (principal.type != "key") return;
    auto& series = series_of(host, principal);
    host.record(passed ? series.passed : series.limited, 1);
    if (!passed) tell(host, principal, series, second);
}

// Once a minute for a name; the metrics say how often.
void KeyTraffic::tell(const Host& host, const Principal& principal, KeySeries& series,
                      std::int64_t second) {
    auto told_at = series.told_at.load();
    if (told_at != 0 && second < told_at + kToldEvery) return;
    if (!series.told_at.compare_exchange_strong(told_at, second)) return;
    host.write(SW_LOG_WARN, "http.key_limited", "a service key is at its limit",
               {{"key", principal.name}, {"id", principal.id}});
}

}  // namespace streamwall::http_server
