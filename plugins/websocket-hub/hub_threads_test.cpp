// The hub with connections and events on several threads at once.
#include "hub.hpp"

#include "fake_http.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

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
