// Counters, gauges and histograms over prometheus-cpp's core, with a bound on what labels may cost.
//
//   Counter requests = metrics.counter("streamwall_calls_total", "Calls.", {{"service", "store"}});
//   requests.increment();   // a few ns, from any thread
//
// Looking a series up takes a lock and a map; do it once and keep the handle.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace streamwall::telemetry {

using Labels = std::map<std::string, std::string>;

// Handles are copied freely and valid as long as the Metrics they came from; an empty one does
// nothing.
class Counter {
  public:
    Counter() = default;
    explicit Counter(prometheus::Counter* series) : series_(series) {}
    void increment(double by = 1) const;  // negative and NaN are ignored
    [[nodiscard]] double value() const;

  private:
    prometheus::Counter* series_ = nullptr;
};

class Gauge {
  public:
    Gauge() = default;
    explicit Gauge(prometheus::Gauge* series) : series_(series) {}
    void set(double value) const;
    void add(double by) const;
    [[nodiscard]] double value() const;

  private:
    prometheus::Gauge* series_ = nullptr;
};

class Histogram {
  public:
    Histogram() = default;
    explicit Histogram(prometheus::Histogram* series) : series_(series) {}
    void observe(double value) const;

  private:
    prometheus::Histogram* series_ = nullptr;
};

// 1 µs … 10 s, for durations in seconds.
const std::vector<double>& default_duration_buckets();

struct MetricsOptions {
    // Label sets of one family. Beyond it every new set is counted in one series whose values are
    // all "other", so that a stranger's input cannot fill the memory.
    std::size_t max_series_per_family = 1000;
    Labels constant_labels = {};  // on every series: {"node", "main"}
};

class Metrics {
  public:
    explicit Metrics(MetricsOptions options = {});
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // The series of that family and labels, made at the first call. A name or label that
    // Prometheus refuses, or a family that exists as another kind, gives an empty handle.
    Counter counter(std::string_view name, std::string_view help, const Labels& labels = {});
    Gauge gauge(std::string_view name, std::string_view help, const Labels& labels = {});
    // `buckets` of the first call count for the whole family: ascending upper bounds.
    Histogram histogram(std::string_view name, std::string_view help, const Labels& labels = {},
                        const std::vector<double>& buckets = default_duration_buckets());

    // Text exposition format 0.0.4.
    [[nodiscard]] std::string text() const;

    // Series that were folded into "other", for all families.
    [[nodiscard]] std::size_t overflowed() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace streamwall::telemetry
