// Series, their text, and the bound on how many there may be.
#include "telemetry/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <thread>
#include <vector>

namespace streamwall::telemetry {
namespace {

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, AreWrittenInPrometheusText) {
    Metrics metrics({.constant_labels = {{"node", "main"}}});
    metrics.counter("streamwall_calls_total", "Calls.", {{"service", "store"}}).increment(3);
    metrics.gauge("streamwall_queue_depth", "Depth.").set(7);
    metrics.histogram("streamwall_call_seconds", "Time.", {}, {0.1, 1}).observe(0.5);
    const std::string text = metrics.text();
    EXPECT_TRUE(has_line(text, "# HELP streamwall_calls_total Calls.")) << text;
    EXPECT_TRUE(has_line(text, "# TYPE streamwall_calls_total counter")) << text;
    EXPECT_TRUE(has_line(text, R"(streamwall_calls_total{node="main",service="store"} 3)")) << text;
    EXPECT_TRUE(has_line(text, R"(streamwall_queue_depth{node="main"} 7)")) << text;
    EXPECT_TRUE(has_line(text, R"(streamwall_call_seconds_bucket{node="main",le="0.1"} 0)"))
        << text;
    EXPECT_TRUE(has_line(text, R"(streamwall_call_seconds_bucket{node="main",le="1"} 1)")) << text;
    EXPECT_TRUE(has_line(text, R"(streamwall_call_seconds_count{node="main"} 1)")) << text;
}

TEST(Metrics, GiveTheSameSeriesForTheSameLabels) {
    Metrics metrics;
    metrics.counter("a_total", "A.", {{"x", "1"}}).increment();
    const Counter again = metrics.counter("a_total", "A.", {{"x", "1"}});
    again.increment();
    EXPECT_EQ(again.value(), 2);
    EXPECT_EQ(metrics.counter("a_total", "A.", {{"x", "2"}}).value(), 0);
}

TEST(Metrics, FoldNewLabelSetsIntoOtherWhenAFamilyIsFull) {
    Metrics metrics({.max_series_per_family = 3, .constant_labels = {}});
    for (int i = 0; i < 100; ++i) {
        metrics.counter("a_total", "A.", {{"user", std::to_string(i)}}).increment();
    }
    metrics.counter("a_total", "A.", {{"user", "1"}}).increment();  // still its own
    metrics.counter("b_total", "B.", {{"user", "9"}}).increment();  // another family
    const std::string text = metrics.text();
    EXPECT_TRUE(has_line(text, R"(a_total{user="1"} 2)")) << text;
    EXPECT_TRUE(has_line(text, R"(a_total{user="other"} 97)")) << text;
    EXPECT_TRUE(has_line(text, R"(b_total{user="9"} 1)")) << text;
    EXPECT_EQ(text.find(R"(user="3")"), std::string::npos) << text;
    EXPECT_GT(metrics.overflowed(), 0U);
}

TEST(Metrics, CutLongLabelValuesAndEscapeThem) {
    Metrics metrics;
    metrics.gauge("a", "A.", {{"x", std::string(10'000, 'y')}}).set(1);
    metrics.gauge("b", "B.", {{"x", "a\"b\nc\\"}}).set(1);
    const std::string text = metrics.text();
    EXPECT_LT(text.size(), 1000U);
    EXPECT_TRUE(has_line(text, R"(b{x="a\"b\nc\\"} 1)")) << text;
}

TEST(Metrics, GiveAnEmptyHandleForWhatPrometheusRefuses) {
    Metrics metrics;
    metrics.counter("bad-name", "A.").increment();
    metrics.counter("a_total", "A.", {{"__x", "1"}}).increment();
    metrics.histogram("h", "H.", {{"le", "1"}}).observe(1);
    metrics.histogram("h", "H.", {}, {1, 1}).observe(1);
    metrics.counter("taken", "A.").increment();
    metrics.gauge("taken", "A.").set(5);
    EXPECT_EQ(metrics.text().find("bad-name"), std::string::npos);
    EXPECT_TRUE(has_line(metrics.text(), "taken 1")) << metrics.text();
    Counter().increment();
}

TEST(Metrics, IgnoreDecrementsOfCounters) {
    Metrics metrics;
    const Counter counter = metrics.counter("a_total", "A.");
    counter.increment(2);
    counter.increment(-1);
    counter.increment(std::nan(""));
    EXPECT_EQ(counter.value(), 2);
}

TEST(Metrics, CountExactlyFromManyThreads) {
    Metrics metrics;
    const Counter cached = metrics.counter("cached_total", "A.");
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) {
                cached.increment();
                metrics.counter("looked_up_total", "B.", {{"i", std::to_string(i % 7)}})
                    .increment();
                if (i % 100 == 0) (void)metrics.text();
            }
        });
    }
    threads.clear();
    double sum = 0;
    for (int i = 0; i < 7; ++i) {
        sum += metrics.counter("looked_up_total", "B.", {{"i", std::to_string(i)}}).value();
    }
    EXPECT_EQ(cached.value(), 4000);
    EXPECT_EQ(sum, 4000);
}

}  // namespace
}  // namespace streamwall::telemetry
