// Several processes that share their limits, in simulated time: how close to the limit they stay,
// and what happens without anybody who adds up.
#include "shared_limits.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <deque>
#include <map>
#include <memory>

namespace streamwall::http_server {
namespace {

namespace json = boost::json;

constexpr RateKey kKey{RateKey::Kind::kCredential, {7}};

// One millisecond is a step. Answers take `latency` steps, half of it before the report is added.
class Processes {
  public:
    Processes(int count, int latency) : latency_(latency) {
        for (int n = 0; n < count; ++n) {
            auto& made = *processes_.emplace_back(std::make_unique<Process>());
            made.shared = std::make_unique<SharedLimits>(
                made.limiter, "p" + std::to_string(n),
                SharedLimits::Outside{[this](std::string request, SharedLimits::OnReply done) {
                                          if (!is_there) return done(std::nullopt);
                                          under_way_.push_back({step_ + latency_,
                                                                std::move(request),
                                                                std::move(done)});
                                      },
                                      [this] { return now(); },
                                      [&made](bool shared) { made.told.push_back(shared); }});
        }
        for (auto& each : processes_)
            each->shared->tick();
        run(10);
    }

    // Whether a request to that process passes.
    bool ask(std::size_t process, std::uint32_t limit) {
        const auto verdict = processes_[process]->limiter.count(kKey, limit, now());
        if (verdict.allowed) ++passed_by_second[now()];
        reset_after = verdict.reset_after;
        return verdict.allowed;
    }
    void run(int steps) {
        for (int n = 0; n < steps; ++n) {
            ++step_;
            deliver();
            if (step_ % 200 != 0) continue;
            for (auto& each : processes_)
                each->shared->tick();
        }
    }
    std::int64_t now() const { return 1000 + step_ / 1000; }
    const std::vector<bool>& told(std::size_t process) const { return processes_[process]->told; }
    std::uint64_t most_in_a_minute() const {
        std::uint64_t most = 0;
        for (const auto& [begin, ignored] : passed_by_second) {
            std::uint64_t sum = 0;
            for (auto at = passed_by_second.find(begin);
                 at != passed_by_second.end() && at->first < begin + 60; ++at) {
                sum += at->second;
            }
            most = std::max(most, sum);
        }
        return most;
    }

    bool is_there = true;
    std::string instead_of_replies;
    std::map<std::int64_t, std::uint64_t> passed_by_second;
    std::uint32_t reset_after = 0;
    int exchanges = 0;

  private:
    struct Process {
        RateLimiter limiter;
        std::vector<bool> told;
        std::unique_ptr<SharedLimits> shared;
    };
    struct UnderWay {
        std::int64_t at;
        std::string request;
        SharedLimits::OnReply done;
    };

    void deliver() {
        while (!under_way_.empty() && under_way_.front().at <= step_) {
            const auto arrived = std::move(under_way_.front());
            under_way_.pop_front();
            ++exchanges;
            arrived.done(instead_of_replies.empty() ? exchange(arrived.request)
                                                    : instead_of_replies);
        }
    }
    std::string exchange(const std::string& text) {
        const auto request = json::parse(text).as_object();
        json::array windows;
        for (const auto& window : request.at("windows").as_array()) {
            auto& total = totals_[std::string(window.at("key").as_string())];
            for (const auto& pair : window.at("passed").as_array())
                total[now() - pair.at(0).as_int64()] += pair.at(1).as_int64();
            json::array all;
            for (const auto& [second, count] : total) {
                if (now() - second <= 60) all.push_back(json::array{now() - second, count});
            }
            windows.push_back(all);
        }
        return json::serialize(
            json::object{{"shared", true}, {"instances", processes_.size()}, {"windows", windows}});
    }

    const int latency_;
    std::int64_t step_ = 0;
    std::vector<std::unique_ptr<Process>> processes_;
    std::deque<UnderWay> under_way_;
    std::map<std::string, std::map<std::int64_t, std::int64_t>> totals_;
};

struct Load {
    std::string name;
    int processes;
    std::uint32_t limit;
    int requests_a_step;  // to each process
    int every;            // steps between them
    int latency;

    friend void PrintTo(const Load& self, std::ostream* out) { *out << self.name; }
};

class SharedLimitsUnder : public testing::TestWithParam<Load> {};

INSTANTIATE_TEST_SUITE_P(Load, SharedLimitsUnder,
                         testing::Values(Load{"AnonymousVisitorsTrickle", 2, 60, 1, 100, 1},
                                         Load{"AnonymousVisitorsFlood", 2, 60, 20, 1, 1},
                                         Load{"UsersAtARealRate", 2, 600, 1, 10, 2},
                                         Load{"UsersFlood", 2, 600, 20, 1, 2},
                                         Load{"ServicesAtARealRate", 3, 6000, 1, 4, 2},
                                         Load{"ServicesFlood", 3, 6000, 50, 1, 2},
                                         Load{"ServicesFloodFarAway", 2, 6000, 20, 1, 20}),
                         [](const auto& info) { return info.param.name; });

TEST_P(SharedLimitsUnder, LetPassTheLimitTogetherWithinFivePercentAndABurst) {
    const auto& load = GetParam();
    Processes processes(load.processes, load.latency);
    for (int step = 0; step < 150'000; step += load.every) {
        for (int n = 0; n < load.requests_a_step; ++n) {
            for (int process = 0; process < load.processes; ++process)
                processes.ask(static_cast<std::size_t>(process), load.limit);
        }
        processes.run(load.every);
    }
    EXPECT_GE(processes.most_in_a_minute(), load.limit);
    constexpr std::uint32_t kBurst = 8;  // that a window lets pass of which nothing is known
    EXPECT_LE(processes.most_in_a_minute(), load.limit + load.limit / 20 + kBurst);
}

TEST(SharedLimits, GiveOneProcessTheWholeLimitWhileTheOthersAreIdle) {
    Processes processes(3, 2);
    for (int n = 0; n < 600; ++n) {
        ASSERT_TRUE(processes.ask(0, 600)) << n;
        processes.run(5);
    }
    EXPECT_FALSE(processes.ask(0, 600));
    processes.run(1000);
    int at_another = 0;
    for (int n = 0; n < 200; ++n) {
        at_another += processes.ask(1, 600);
        processes.run(1);
    }
    EXPECT_LE(at_another, 30) << "only until it learnt of the others";
}

TEST(SharedLimits, LetABrowsersFirstRequestsPassAtOnce) {
    Processes processes(3, 5);
    for (int n = 0; n < 8; ++n)
        EXPECT_TRUE(processes.ask(0, 60)) << n;
}

TEST(SharedLimits, LetARequestPassAtTheTimeTheyNamed) {
    Processes processes(2, 2);
    for (int n = 0; n < 400; ++n) {
        processes.ask(static_cast<std::size_t>(n % 2), 60);
        processes.run(10);
    }
    ASSERT_FALSE(processes.ask(0, 60));
    processes.run(static_cast<int>(processes.reset_after) * 1000 + 1000);
    EXPECT_TRUE(processes.ask(0, 60));
}

TEST(SharedLimits, AskLittleForManyRequests) {
    Processes processes(2, 1);
    for (int n = 0; n < 5000; ++n) {
        processes.ask(0, 6000);
        if (n % 10 == 0) processes.run(1);
    }
    EXPECT_LT(processes.exchanges, 40);
}

TEST(SharedLimits, HoldForEachProcessWhileNobodyAnswers) {
    Processes processes(2, 1);
    processes.is_there = false;
    processes.run(400);
    for (std::size_t process = 0; process < 2; ++process) {
        int passed = 0;
        for (int n = 0; n < 1000; ++n)
            passed += processes.ask(process, 600);
        EXPECT_EQ(passed, 600);
        EXPECT_EQ(processes.told(process), (std::vector<bool>{true, false}));
    }
    processes.is_there = true;
    processes.run(1500);
    EXPECT_EQ(processes.told(0).back(), true);
    processes.run(30'000);
    EXPECT_FALSE(processes.ask(0, 600)) << "what both let pass meanwhile counts";
    processes.run(32'000);
    EXPECT_TRUE(processes.ask(0, 600));
}

TEST(SharedLimits, SurviveRepliesThatMakeNoSense) {
    for (const char* reply :
         {"", "{}", "[]", R"({"shared":true})", R"({"shared":true,"instances":2,"windows":[]})",
          R"({"shared":true,"instances":2,"windows":[[[1]]]})",
          R"({"shared":true,"instances":-1,"windows":[[[0,1]]]})",
          R"({"shared":true,"instances":2,"windows":[[[0,99999999999]]]})"}) {
        Processes processes(2, 1);
        processes.instead_of_replies = *reply ? reply : "nonsense";
        int passed = 0;
        for (int n = 0; n < 1000; ++n) {
            passed += processes.ask(0, 600);
            processes.run(1);
        }
        EXPECT_EQ(passed, 600) << reply;
    }
}

}  // namespace
}  // namespace streamwall::http_server
