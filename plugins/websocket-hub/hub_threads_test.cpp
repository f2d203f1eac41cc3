// The hub with connections and events on several threads at once.
#include "hub.hpp"

#include "fake_http.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace streamwall::hub {
namespace {

// Whoever was confirmed misses nothing that is published later, and gets it in order.
TEST(AHubUnderLoad, LosesNoEventBetweenConfirmAndUnsubscribe) {
    FakeHttp http;
    Hub hub(http.table(), http.self(), http.lease(), {});
    ASSERT_TRUE(hub.mount());
    std::atomic<int> published{0};
    std::atomic<bool> done{false};
    std::thread publisher([&] {
        while (!done) {
            const int version = published + 1;
            const auto record = fmt::format(R"({{"id":1,"version":{}}})", version);
            EXPECT_TRUE(hub.publish({"stream.created", "stream/1", Buffer(record), ""}));
            published = version;
        }
    });
    const auto client = [&](int number) {
        // Two clients share an identifier, so that topics are shared, freed and made anew.
        const auto identifier =
            fmt::format(R"({{\"channel\":\"StreamsChannel\",\"x\":{}}})", number / 2);
        const auto subscribe =
            fmt::format(R"({{"command":"subscribe","identifier":"{}"}})", identifier);
        const auto unsubscribe =
            fmt::format(R"({{"command":"unsubscribe","identifier":"{}"}})", identifier);
        for (int round = 0; round < 40; ++round) {
            auto* connection = http.connect();
            http.receive(connection, subscribe);
            const int from = published + 2;  // one may be on its way while we look
            while (published < from + 5)
                std::this_thread::yield();
            const int to = published;
            if (round % 2 == 0) http.receive(connection, unsubscribe);
            const auto sent = http.sent(connection);
            const auto text = [](int version) { return fmt::format(R"("version":{}}})", version); };
            const auto holds = [&](int version) {
                return [wanted = text(version)](const std::string& message) {
                    return message.find(wanted) != message.npos;
                };
            };
            auto at = std::ranges::find_if(sent, holds(from));
            for (int version = from; version <= to; ++version, ++at) {
                ASSERT_TRUE(at != sent.end() && holds(version)(*at)) << version;
            }
            http.disconnect(connection);
        }
    };
    std::vector<std::thread> clients;
    for (int number = 0; number < 4; ++number)
        clients.emplace_back(client, number);
    for (auto& thread : clients)
        thread.join();
    done = true;
    publisher.join();
    EXPECT_EQ(hub.subscription_topics(), 0U);
    hub.shut_down();
}

// A plugin that answers late, on another thread than the one on which it broadcasts.
struct LatePlugin {
    struct Admission {
        int position;
        std::function<void(Result<Buffer>)> done;
    };
    std::mutex mutex;
    int position = 0;
    std::deque<Admission> waiting;

    AskRoom port() {
        return [this](const std::string&, std::string_view method, const Buffer&, const Context*,
                      const sw_executor*, std::function<void(Result<Buffer>)> done) {
            if (method != "subscribe") return done(Buffer("{}"));
            const std::lock_guard lock(mutex);
            waiting.push_back({position, std::move(done)});
        };
    }
    void answer_one() {
        std::optional<Admission> next;
        {
            const std::lock_guard lock(mutex);
            if (waiting.empty()) return;
            next = std::move(waiting.front());
            waiting.pop_front();
        }
        next->done(Buffer(fmt::format(
            R"({{"owner":"o","position":{0},"rooms":["all"],"messages":[{0}]}})", next->position)));
    }
    void broadcast(Hub& hub) {
        int now = 0;
        {
            const std::lock_guard lock(mutex);
            now = ++position;
        }
        EXPECT_TRUE(hub.deliver_to_room(fmt::format(
            R"({{"channel":"Late","owner":"o","position":{0},"room":"all","message":{0}}})", now)));
    }
};

// Numbers that a connection was sent as messages, in order.
std::vector<int> numbers(const std::vector<std::string>& sent) {
    constexpr std::string_view kMessage = R"("message":)";
    std::vector<int> out;
    for (const auto& text : sent) {
        const auto at = text.find(kMessage);
        if (at != text.npos) out.push_back(std::atoi(text.c_str() + at + kMessage.size()));
    }
    return out;
}

TEST(AHubUnderLoad, GivesRoomsNeitherGapNorRepeatBehindAnAdmission) {
    LatePlugin plugin;
    FakeHttp http;
    Hub hub(http.table(), http.self(), http.lease(), {}, {}, {}, {}, plugin.port());
    ASSERT_TRUE(hub.mount());
    std::atomic<bool> done{false};
    std::thread publisher([&] {
        while (!done)
            plugin.broadcast(hub);
    });
    std::thread answerer([&] {
        while (!done)
            plugin.answer_one();
    });
    const auto client = [&](int number) {
        const auto subscribe = fmt::format(
            R"({{"command":"subscribe","identifier":"{{\"channel\":\"Late\",\"x\":{}}}"}})",
            number / 2);
        for (int round = 0; round < 40; ++round) {
            auto* connection = http.connect();
            http.receive(connection, subscribe);
            while (numbers(http.sent(connection)).size() < 6)
                std::this_thread::yield();
            const auto heard = numbers(http.sent(connection));
            for (std::size_t at = 1; at < heard.size(); ++at)
                ASSERT_EQ(heard[at], heard[at - 1] + 1);
            http.disconnect(connection);
        }
    };
    std::vector<std::thread> clients;
    for (int number = 0; number < 4; ++number)
        clients.emplace_back(client, number);
    for (auto& thread : clients)
        thread.join();
    done = true;
    publisher.join();
    answerer.join();
    hub.shut_down();
}

TEST(AHubUnderLoad, StopsWhileEventsAndConnectionsArrive) {
    for (int round = 0; round < 20; ++round) {
        FakeHttp http;
        auto hub = std::make_unique<Hub>(http.table(), http.self(), http.lease(), HubMetrics{});
        ASSERT_TRUE(hub->mount());
        std::atomic<bool> done{false};
        std::atomic<int> connected{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 2; ++i) {
            threads.emplace_back([&] {
                while (!done)
                    EXPECT_TRUE(hub->publish({"stream.created", "s", Buffer(R"({"id":1})"), ""}));
            });
            threads.emplace_back([&] {
                while (!done) {
                    auto* connection = http.connect();
                    http.receive(
                        connection,
                        R"({"command":"subscribe","identifier":"{\"channel\":\"StreamsChannel\"}"})");
                    ++connected;
                    http.disconnect(connection);
                }
            });
        }
        while (connected < 10)
            std::this_thread::yield();
        hub->shut_down();
        EXPECT_EQ(http.open_topics(), 0);
        done = true;
        for (auto& thread : threads)
            thread.join();
        hub.reset();
    }
}

}  // namespace
}  // namespace streamwall::hub
