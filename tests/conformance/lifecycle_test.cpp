// The life of every plugin that ships: a thousand times started and stopped beside all others, cut
// off in the middle, and under traffic. Nothing may be left behind, and nothing come late.
#include <streamwall/testing/host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <set>
#include <thread>

namespace streamwall::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STREAMWALL_SANITIZED 1
#endif
#endif
#if defined(STREAMWALL_SANITIZED)
constexpr int kCycles = 100;             // each costs ten times as much
constexpr bool kMeasuresMemory = false;  // freed memory is kept in quarantine
#else
constexpr int kCycles = 1000;
constexpr bool kMeasuresMemory = true;
#endif

// Offer the same services, so a host has one of them. PostgreSQL does not start without its server.
const std::set<std::string> kJournalKeepers = {"journal-sqlite", "storage-postgres",
                                               "storage-sqlite"};

// All that run in one host.
std::vector<fs::path> shipped(const std::string& journal_keeper = "storage-sqlite") {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(PLUGINS_DIR)) {
        const auto name = entry.path().stem().string();
        const bool runs = !kJournalKeepers.contains(name) || name == journal_keeper;
        if (entry.path().extension() == ".so" && runs) out.push_back(entry.path());
    }
    std::ranges::sort(out);
    return out;
}

std::vector<fs::path> shipped_beside(const std::string& name) {
    return kJournalKeepers.contains(name) ? shipped(name) : shipped();
}

std::vector<fs::path> tested() {
    auto out = shipped();
    out.push_back(fs::path(PLUGINS_DIR) / "journal-sqlite.so");
    return out;
}

// What must be otherwise in a test: fixed ports, the internet.
std::map<std::string, std::string> settings() {
    std::map<std::string, std::string> all = {
        {"http-server", R"({"listen":"127.0.0.1:0","loops":1,"api_key_file":"${data}/api-key"})"},
        {"twitch-source", R"({"url":"irc://127.0.0.1:9"})"},
        {"cache-redis", R"({"url":"redis://127.0.0.1:9"})"},
        {"jetstream-mirror", R"({"url":"nats://127.0.0.1:9"})"},
    };
    std::erase_if(all, [](const auto& one) {
        return !fs::exists(fs::path(PLUGINS_DIR) / (one.first + ".so"));
    });
    return all;
}

class Shipped : public ::testing::TestWithParam<fs::path> {
  protected:
    const std::string name = GetParam().stem();
    Host host{Options{.plugins = shipped_beside(name), .settings = settings(), .time = Time::real}};

    void SetUp() override {
        const auto started = host.start();
        ASSERT_TRUE(started) << started.message;
        ASSERT_EQ(host.state(name).state, "running") << host.state(name).reason;
    }
    void TearDown() override {
        EXPECT_TRUE(host.stop());
        EXPECT_THAT(host.complaints(), IsEmpty());
    }
    void cycle(int times) {
        for (int n = 0; n < times; ++n) {
            const auto restarted = host.restart(name);
            ASSERT_TRUE(restarted) << "cycle " << n << ": " << restarted.message;
            if (n % 50 == 0) {
                ASSERT_THAT(host.complaints(), IsEmpty()) << "cycle " << n;
                host.forget();
            }
        }
    }
    bool settles_at(const Resources& before) {
        return host.eventually([&] {
            const auto now = Host::resources();
            return now.buffers <= before.buffers && now.descriptors <= before.descriptors &&
                   now.threads <= before.threads;
        });
    }
};

INSTANTIATE_TEST_SUITE_P(Plugin, Shipped, ::testing::ValuesIn(tested()), [](const auto& info) {
    auto name = info.param.stem().string();
    std::ranges::replace(name, '-', '_');
    return name;
});

TEST_P(Shipped, LeavesNothingBehindInAThousandStartsAndStops) {
    cycle(kCycles / 10);  // caches and pools fill
    ASSERT_TRUE(host.disable(name));
    host.eventually([] { return false; }, 50ms);  // what others do on their own has been done
    const auto before = Host::resources();
    cycle(kCycles);
    ASSERT_TRUE(host.disable(name));
    EXPECT_TRUE(settles_at(before))
        << "buffers " << before.buffers << " → " << Host::resources().buffers << ", descriptors "
        << before.descriptors << " → " << Host::resources().descriptors << ", threads "
        << before.threads << " → " << Host::resources().threads;
    if (kMeasuresMemory) {
        const auto now = Host::resources();
        EXPECT_LE(now.resident_kib, before.resident_kib + 4 * 1024)
            << "more than 4 KiB a cycle: from " << before.resident_kib << " KiB";
    }
    EXPECT_EQ(host.state(name).state, "disabled");
}

TEST_P(Shipped, CanBeSwitchedOffWhileItStarts) {
    for (int n = 0; n < 20; ++n) {
        ASSERT_TRUE(host.disable(name));
        auto enabled = std::async(std::launch::async, [&] { return host.enable(name); });
        const auto disabled = host.disable(name);
        EXPECT_TRUE(disabled) << disabled.message;
        enabled.get();  // came to run first, or was cut off
    }
    const auto restarted = host.restart(name);
    EXPECT_TRUE(restarted) << restarted.message;
    EXPECT_EQ(host.state(name).state, "running");
}

TEST(AHostOfAll, StopsTwiceWithoutAStartAndAgain) {
    Host host({.plugins = shipped(), .settings = settings(), .time = Time::real});
    EXPECT_TRUE(host.stop());
    for (int n = 0; n < 5; ++n) {
        const auto started = host.start();
        ASSERT_TRUE(started) << started.message;
        EXPECT_TRUE(host.stop());
        EXPECT_TRUE(host.stop());
    }
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(AHostOfAll, RollsBackWhatRanWhenARequiredPluginFails) {
    auto plugins = shipped();
    plugins.emplace_back(WITNESS_SO);
    auto with_refusal = settings();
    with_refusal["witness"] = R"({"refuse":true})";
    Host host({.plugins = plugins,
               .settings = with_refusal,
               .required = {"witness"},
               .time = Time::real});
    const auto started = host.start();
    EXPECT_FALSE(started);
    EXPECT_THAT(started.message, HasSubstr("told to refuse"));
    for (const auto& plugin : shipped()) {
        EXPECT_EQ(host.state(plugin.stem()).state, "destroyed") << plugin;
    }
    EXPECT_THAT(host.complaints(), IsEmpty());
}

class WitnessInHost : public ::testing::Test {
  protected:
    static std::vector<std::string> late(const Host& host) {
        std::vector<std::string> out;
        for (const auto& line : host.logs("witness")) {
            if (line.event == "witness.late") out.push_back(line.message);
        }
        return out;
    }
};

TEST_F(WitnessInHost, IsStoppedWhereItsHostStopsWhileItStarts) {
    Host host({.plugins = {WITNESS_SO},
               .settings = {{"witness", R"({"hang":true})"}},
               .required = {"witness"},
               .time = Time::real});
    auto started = std::async(std::launch::async, [&] { return host.start(); });
    ASSERT_TRUE(host.eventually([&] { return host.state("witness").state == "starting"; }));
    EXPECT_TRUE(host.stop());
    const auto outcome = started.get();
    EXPECT_FALSE(outcome);
    EXPECT_THAT(late(host), IsEmpty());
    EXPECT_EQ(std::ranges::count(host.logs("witness"), "witness.stopped", &LogLine::event), 1);
}

TEST_F(WitnessInHost, IsStoppedWhereItsStartTakesTooLong) {
    Host host({.plugins = {WITNESS_SO},
               .settings = {{"witness", R"({"hang":true})"}},
               .required = {"witness"}});
    const auto started = host.start();
    EXPECT_THAT(started.message, HasSubstr("start did not end within 30000 ms"));
    EXPECT_EQ(std::ranges::count(host.logs("witness"), "witness.stopped", &LogLine::event), 1);
}

TEST_F(WitnessInHost, HearsNothingAfterItsStopUnderTraffic) {
    Host host({.plugins = {WITNESS_SO}, .time = Time::real});
    host.fake("neighbour", "ask", [](const Call&) { return Answer::ok().after(1ms); });
    ASSERT_TRUE(host.start());
    std::atomic<bool> done{false};
    std::vector<std::thread> traffic;
    traffic.emplace_back([&] {
        while (!done) {
            host.publish("chat.message_posted", "chat/1", "{}");
            std::this_thread::yield();
        }
    });
    traffic.emplace_back([&] {
        while (!done)
            host.call("witness", "ask", "{}", {}, 100ms);
    });
    traffic.emplace_back([&] {
        while (!done)
            host.publish("witness.kept", "witness/1", "{}");
    });
    for (int n = 0; n < kCycles / 2; ++n) {
        const auto restarted = host.restart("witness");
        EXPECT_TRUE(restarted) << restarted.message;
        if (n % 20 == 0) {
            EXPECT_THAT(late(host), IsEmpty());
            EXPECT_THAT(host.complaints(), IsEmpty());
            host.forget();
        }
        if (HasFailure()) break;
    }
    done = true;
    for (auto& thread : traffic)
        thread.join();
    EXPECT_TRUE(host.stop());
    EXPECT_THAT(late(host), IsEmpty());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

}  // namespace
}  // namespace streamwall::testing
