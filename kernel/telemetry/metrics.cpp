// Families of series behind one lock; increments go straight to prometheus-cpp's atomics.
#include "telemetry/metrics.hpp"

#include <prometheus/check_names.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>
#include <sstream>
#include <utility>

namespace streamwall::telemetry {

namespace {

constexpr const char* kOther = "other";
constexpr std::size_t kMaxLabelValue = 256;

template <typename Series>
struct FamilyEntry {
    prometheus::Family<Series>* family = nullptr;
    std::map<Labels, Series*> series;
    std::set<Labels> folded;      // label sets that went into "other", up to a bound of their own
    std::vector<double> buckets;  // of histograms
};

bool names_are_valid(std::string_view name, const Labels& labels) {
    if (!prometheus::CheckMetricName(std::string(name))) return false;
    return std::ranges::all_of(labels, [](const auto& label) {
        // "le" belongs to histograms.
        return label.first != "le" && prometheus::CheckLabelName(label.first);
    });
}

// Values come from anywhere: bounded, and cut between characters.
Labels bounded(const Labels& labels) {
    Labels result = labels;
    for (auto& [name, value] : result) {
        if (value.size() <= kMaxLabelValue) continue;
        value.resize(kMaxLabelValue);
        while (!value.empty() && (static_cast<unsigned char>(value.back()) & 0xC0U) == 0x80U)
            value.pop_back();
        if (!value.empty() && static_cast<unsigned char>(value.back()) >= 0xC0U) value.pop_back();
    }
    return result;
}

}  // namespace

struct Metrics::State {
    MetricsOptions options;
    prometheus::Registry registry;
    std::mutex mutex;  // guards the maps; never held on an increment
    std::map<std::string, FamilyEntry<prometheus::Counter>, std::less<>> counters;
    std::map<std::string, FamilyEntry<prometheus::Gauge>, std::less<>> gauges;
    std::map<std::string, FamilyEntry<prometheus::Histogram>, std::less<>> histograms;
    std::size_t overflowed = 0;

    [[nodiscard]] bool is_free(std::string_view name, const void* wanted) const {
        const auto taken = [&](const auto& families) {
            return static_cast<const void*>(&families) != wanted && families.contains(name);
        };
        return !taken(counters) && !taken(gauges) && !taken(histograms);
    }

    // The series for the labels, or the family's "other" once the family is full.
    template <typename Families, typename Build, typename Make>
    auto find_or_make(Families& families, std::string_view name, std::string_view help,
                      const Labels& wanted, Build build, Make make)
        -> decltype(families.begin()->second.series.begin()->second) {
        if (!names_are_valid(name, wanted)) return nullptr;
        const std::scoped_lock lock(mutex);
        if (!is_free(name, &families)) return nullptr;
        auto& entry = families[std::string(name)];
        if (entry.family == nullptr) {
            entry.family = &build()
                                .Name(std::string(name))
                                .Help(std::string(help))
                                .Labels(options.constant_labels)
                                .Register(registry);
        }
        Labels labels = bounded(wanted);
        for (const auto& [label, value] : options.constant_labels)
            labels.erase(label);
        if (const auto found = entry.series.find(labels); found != entry.series.end())
            return found->second;
        if (entry.series.size() >= options.max_series_per_family) {
            if (entry.folded.size() < options.max_series_per_family &&
                entry.folded.insert(labels).second) {
                ++overflowed;
            }
            for (auto& [label, value] : labels)
                value = kOther;
            if (const auto found = entry.series.find(labels); found != entry.series.end()) {
                return found->second;
            }
        }
        auto* series = &make(entry, labels);
        entry.series.emplace(std::move(labels), series);
        return series;
    }
};

const std::vector<double>& default_duration_buckets() {
    static const std::vector<double> buckets = {1e-6,   1e-5, 1e-4, 2.5e-4, 5e-4, 1e-3,
                                                2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1,
                                                0.25,   0.5,  1,    2.5,    5,    10};
    return buckets;
}

Metrics::Metrics(MetricsOptions options) : state_(std::make_unique<State>()) {
    state_->options = std::move(options);
}

Metrics::~Metrics() = default;

Counter Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
    return Counter(state_->find_or_make(
        state_->counters, name, help, labels, [] { return prometheus::BuildCounter(); },
        [](auto& entry, const Labels& l) -> auto& {
            return entry.family->Add({l.begin(), l.end()});
        }));
}

Gauge Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
    return Gauge(state_->find_or_make(
        state_->gauges, name, help, labels, [] { return prometheus::BuildGauge(); },
        [](auto& entry, const Labels& l) -> auto& {
            return entry.family->Add({l.begin(), l.end()});
        }));
}

Histogram Metrics::histogram(std::string_view name, std::string_view help, const Labels& labels,
                             const std::vector<double>& buckets) {
    const bool is_ascending =
        std::ranges::adjacent_find(buckets, std::greater_equal<>{}) == buckets.end();
    if (!is_ascending) return Histogram();
    return Histogram(state_->find_or_make(
        state_->histograms, name, help, labels, [] { return prometheus::BuildHistogram(); },
        [&](auto& entry, const Labels& l) -> auto& {
            if (entry.series.empty()) entry.buckets = buckets;
            return entry.family->Add({l.begin(), l.end()}, entry.buckets);
        }));
}

std::string Metrics::text() const {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    prometheus::TextSerializer().Serialize(out, state_->registry.Collect());
    return std::move(out).str();
}

std::size_t Metrics::overflowed() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->overflowed;
}

void Counter::increment(double by) const {
    if (series_ != nullptr && by >= 0) series_->Increment(by);
}

double Counter::value() const {
    return series_ == nullptr ? 0 : series_->Value();
}

void Gauge::set(double value) const {
    if (series_ != nullptr) series_->Set(value);
}

void Gauge::add(double by) const {
    if (series_ != nullptr) series_->Increment(by);
}

double Gauge::value() const {
    return series_ == nullptr ? 0 : series_->Value();
}

void Histogram::observe(double value) const {
    if (series_ != nullptr) series_->Observe(value);
}

}  // namespace streamwall::telemetry
