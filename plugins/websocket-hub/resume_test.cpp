// Clients of the extended protocol: where they go on after they were away.
#include "hub.hpp"

#include "fake_http.hpp"

#include <streamwall/sdk/json.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace streamwall::hub {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kAll = R"({"channel":"StreamsChannel"})";
constexpr std::string_view kWithSnapshot = R"({"channel":"StreamsChannel","snapshot":true})";
constexpr std::string_view kEpoch = "e1";

std::string record_of(std::uint64_t number) {
    return fmt::format(R"({{"id":{},"status":"live"}})", number);
}

// The store's log: an event a second since 1,000 s, read in pages as small as wanted.
struct FakeJournal {
    std::string epoch{kEpoch};
    std::uint64_t first = 1;
    std::uint64_t last = 0;
    std::uint64_t page = 3;
    int reads = 0;
    std::deque<std::pair<std::string, std::function<void(Result<Buffer>)>>> asked;

    static std::string envelope(std::string_view epoch, std::uint64_t n) {
        return fmt::format(R"({{"id":"evt-{0}","type":"stream.updated","timestamp":)"
                           R"("1970-01-01T{1:02}:{2:02}:{3:02}.000Z","sequence":{0},)"
                           R"("epoch":"{4}","data":{{"id":{0},"status":"live",)"
                           R"("changes":{{"title":{{"from":null,"to":"x"}}}}}}}})",
                           n, (1000 + n) / 3600, (1000 + n) / 60 % 60, (1000 + n) % 60, epoch);
    }
    std::string read(std::string_view request) {
        ++reads;
        const auto object = json::parse_object(request).value();
        const auto after = static_cast<std::uint64_t>(object.at("after").as_int64());
        const auto limit =
            std::min(page, static_cast<std::uint64_t>(object.at("limit").as_int64()));
        std::string events;
        auto through = std::max(after, first - 1);
        for (std::uint64_t count = 0; through < last && count < limit; ++count) {
            events += (events.empty() ? "" : ",") + envelope(epoch, ++through);
        }
        return fmt::format(R"({{"epoch":"{}","first":{},"last":{},"through":{},"events":[{}]}})",
                           epoch, first, last, through, events);
    }
};

class AResumingClient : public testing::Test {
  protected:
    AResumingClient()
        : hub(http.table(), http.self(), http.lease(), {}, {},
              {[this](const Buffer& request, const sw_executor*, auto done) {
                   journal.asked.emplace_back(request.view(), std::move(done));
               },
               [this](const Buffer& request, const sw_executor*, auto done) {
                   list_requests.emplace_back(request.view());
                   lists.push_back(std::move(done));
               }},
              HubOptions{.history_bytes = 100'000, .history_events = 50}) {
        EXPECT_TRUE(hub.mount());
    }
    ~AResumingClient() override {
        for (auto* connection : open)
            http.disconnect(connection);
        hub.shut_down();
    }

    void begin(std::uint64_t last) {
        journal.last = last;
        hub.begin_history({journal.epoch, last}, 1'100'000);
    }
    // Commits an event and hands it to the hub, as the bus would.
    void commit(std::uint64_t count = 1) {
        for (; count > 0; --count)
            hand_over(++journal.last);
    }
    void hand_over(std::uint64_t n) {
        EXPECT_TRUE(hub.publish({"stream.updated",
                                 "stream/1",
                                 Buffer(record_of(n)),
                                 R"({"title":{"from":null,"to":"x"}})",
                                 {journal.epoch, n},
                                 static_cast<std::int64_t>((1000 + n) * 1000)}));
    }
    sw_ws_connection* connect(std::string_view sid = {}, std::string_view who = "1") {
        const auto query = fmt::format("x=1&sid={}", sid);
        open.push_back(http.connect(
            {.protocol = "actioncable-v1-ext-json", .query = query, .principal_id = who}));
        return open.back();
    }
    void drop(sw_ws_connection* connection) {
        std::erase(open, connection);
        http.disconnect(connection);
    }
    void send(sw_ws_connection* connection, std::string_view command, std::string_view history = {},
              std::string_view identifier = kAll) {
        json::Writer text;
        text.text("command", command).text("identifier", identifier);
        if (!history.empty()) text.raw("history", history);
        http.receive(connection, text.take());
    }
    // Lets journal and sockets go on until nothing is left to do.
    void settle() {
        do {
            while (!journal.asked.empty()) {
                const auto [request, done] = std::move(journal.asked.front());
                journal.asked.pop_front();
                done(Buffer(journal.read(request)));
            }
        } while (http.write_all() > 0 || !journal.asked.empty());
    }
    // What a connection got since it was asked last, shortened: numbers for messages, the type of
    // anything else.
    std::vector<std::string> news(sw_ws_connection* connection) {
        std::vector<std::string> out;
        for (const auto& text : http.news(connection)) {
            const auto frame = json::parse_object(text).value();
            if (frame.contains("sid")) sid = frame.at("sid").as_string();
            if (frame.contains("type")) {
                out.emplace_back(frame.at("type").as_string());
                if (frame.contains("restored")) out.back() += " restored";
                continue;
            }
            const auto& message = frame.at("message").as_object();
            if (message.at("action") == "snapshot") {
                out.emplace_back("snapshot");
                continue;
            }
            const auto id = message.at("stream").at("id").as_int64();
            if (frame.contains("offset")) {
                EXPECT_EQ(frame.at("offset").as_int64(), id);
                EXPECT_EQ(frame.at("epoch").as_string(), journal.epoch);
                stream = frame.at("stream_id").as_string();
            }
            out.push_back(std::to_string(id));
        }
        return out;
    }
    std::string place(std::uint64_t offset, std::string_view epoch = kEpoch) {
        return fmt::format(R"({{"since":1,"streams":{{"{}":{{"epoch":"{}","offset":{}}}}}}})",
                           stream, epoch, offset);
    }

    FakeHttp http;
    FakeJournal journal;
    std::vector<std::string> list_requests;
    std::deque<std::function<void(Result<Buffer>)>> lists;
    Hub hub;
    std::vector<sw_ws_connection*> open;
    std::string sid;
    std::string stream = "streams-aa9e357f73b43572";
};

TEST_F(AResumingClient, GetsMessagesWithTheirPlaceAndASessionToComeBackTo) {
    begin(0);
    auto* client = connect();
    send(client, "subscribe");
    commit(2);
    EXPECT_THAT(news(client), ElementsAre("welcome", "confirm_subscription", "1", "2"));
    EXPECT_EQ(sid.size(), 32U);
    const auto first = stream;
    auto* base = http.connect();
    open.push_back(base);
    send(base, "subscribe");
    commit();
    EXPECT_THAT(http.sent(base).back(), testing::Not(testing::HasSubstr("offset")));
    news(client);
    EXPECT_EQ(stream, first);
}

TEST_F(AResumingClient, IsHeldUntilItsHistoryIsAnsweredAndMissesNothing) {
    begin(0);
    auto* client = connect();
    send(client, "subscribe");
    commit(2);
    news(client);
    drop(client);
    commit(2);
    client = connect(sid);
    commit();
    EXPECT_THAT(news(client), ElementsAre("welcome restored"));
    send(client, "history", place(2));
    EXPECT_THAT(news(client), ElementsAre("3", "4", "5", "confirm_history"));
    commit();
    EXPECT_THAT(news(client), ElementsAre("6"));
    EXPECT_EQ(journal.reads, 0);
}

TEST_F(AResumingClient, ReadsFromTheJournalWhatIsNoLongerInMemory) {
    begin(20);
    auto* client = connect();
    send(client, "subscribe", place(3));
    // While the journal is read, the world goes on.
    EXPECT_THAT(news(client), ElementsAre("welcome", "confirm_subscription"));
    commit(2);
    settle();
    std::vector<std::string> expected;
    for (int n = 4; n <= 22; ++n)
        expected.push_back(std::to_string(n));
    expected.emplace_back("confirm_history");
    EXPECT_EQ(news(client), expected);
    commit();
    EXPECT_THAT(news(client), ElementsAre("23"));
}

TEST_F(AResumingClient, FindsATimeInTheJournal) {
    begin(40);
    for (const auto& [since, first] : {std::pair(1031, 31), {1040, 40}, {1, 1}, {1041, 41}}) {
        auto* client = connect();
        send(client, "subscribe", fmt::format(R"({{"since":{},"streams":{{}}}})", since));
        settle();
        std::vector<std::string> expected{"welcome", "confirm_subscription"};
        for (int n = first; n <= 40; ++n)
            expected.push_back(std::to_string(n));
        expected.emplace_back("confirm_history");
        EXPECT_EQ(news(client), expected) << since;
    }
    journal.first = 38;
    auto* client = connect();
    send(client, "subscribe", R"({"since":1,"streams":{}})");
    settle();
    EXPECT_THAT(news(client), ElementsAre("welcome", "confirm_subscription", "38", "39", "40",
                                          "confirm_history"));
}

TEST_F(AResumingClient, IsToldWhenItsHistoryIsGoneAndGoesOnNow) {
    begin(60);
    for (const auto& history : {place(5, "another"), place(5000), place(5)}) {
        auto* client = connect();
        send(client, "subscribe", history);
        settle();
        EXPECT_THAT(news(client), ElementsAre("welcome", "confirm_subscription", "reject_history"))
            << history;
        commit();
        EXPECT_THAT(news(client), ElementsAre(std::to_string(journal.last)));
        drop(client);
    }
}

// Another node may have told the client more than this one has heard of.
TEST_F(AResumingClient, WaitsForANodeThatIsBehind) {
    begin(5);
    journal.last = 7;
    auto* client = connect();
    send(client, "subscribe", place(7));
    settle();
    EXPECT_THAT(news(client), ElementsAre("welcome", "confirm_subscription"));
    hand_over(6);
    settle();
    hand_over(7);
    settle();
    commit();
    EXPECT_THAT(news(client), ElementsAre("confirm_history", "8"));
}

TEST_F(AResumingClient, MayAskAgainBeforeItIsAnswered) {
    begin(5);
    journal.last = 7;
    auto* client = connect();
    send(client, "subscribe", place(7));
    settle();
    send(client, "history", place(5));
    settle();
    EXPECT_THAT(news(client), ElementsAre("welcome", "confirm_subscription"));
    hand_over(6);
    hand_over(7);
    settle();
    commit();
    EXPECT_THAT(news(client), ElementsAre("confirm_history", "6", "7", "confirm_history", "8"));
}

TEST_F(AResumingClient, WaitsUntilTheHubKnowsWhereTheJournalIs) {
    auto* client = connect();
    send(client, "subscribe", place(2));
    send(client, "subscribe", place(2));
    journal.last = 3;
    hand_over(2);  // again, as after a restart
    EXPECT_THAT(news(client), ElementsAre("welcome"));
    begin(4);
    settle();
    EXPECT_THAT(news(client), ElementsAre("confirm_subscription", "3", "4", "confirm_history"));
    hand_over(3);
    hand_over(4);
    hand_over(5);
    EXPECT_THAT(news(client), ElementsAre("5"));
}

TEST_F(AResumingClient, GetsASessionBackOnceAndOnlyItsOwn) {
    begin(0);
    auto* client = connect();
    send(client, "subscribe");
    news(client);
    const auto session = sid;
    auto* thief = connect(session, "2");
    EXPECT_THAT(news(thief), ElementsAre("welcome"));
    EXPECT_EQ(client->close_code, 0);
    auto* again = connect(session);
    EXPECT_THAT(news(again), ElementsAre("welcome restored"));
    EXPECT_EQ(client->close_code, 1000) << "its client has given up on it";
    auto* late = connect(session);
    EXPECT_THAT(news(late), ElementsAre("welcome"));
}

TEST_F(AResumingClient, ForgetsWhatItUnsubscribedFrom) {
    begin(0);
    auto* client = connect();
    send(client, "subscribe");
    send(client, "unsubscribe");
    news(client);
    drop(client);
    auto* again = connect(sid);
    EXPECT_THAT(news(again), ElementsAre("welcome"));
}

TEST_F(AResumingClient, MayLeaveInTheMiddleOfItsHistory) {
    begin(20);
    auto* client = connect();
    send(client, "subscribe", place(3));
    send(client, "unsubscribe");
    auto* other = connect();
    send(other, "subscribe", place(3));
    drop(other);
    settle();
    EXPECT_THAT(news(client), ElementsAre("welcome", "confirm_subscription"));
    EXPECT_EQ(hub.subscription_topics(), 0U);
}

TEST_F(AResumingClient, AnswersPongsWithSilence) {
    begin(0);
    auto* client = connect();
    http.receive(client, R"({"command":"pong"})");
    EXPECT_THAT(news(client), ElementsAre("welcome"));
}

TEST_F(AResumingClient, GetsASnapshotAndThenWhatChangedMeanwhile) {
    begin(5);
    auto* client = http.connect();
    open.push_back(client);
    send(client, "subscribe", {}, kWithSnapshot);
    EXPECT_THAT(news(client), ElementsAre("welcome", "confirm_subscription"));
    ASSERT_EQ(lists.size(), 1U);
    commit();
    const auto answer = [&](std::string_view cursor) {
        const auto done = std::move(lists.front());
        lists.pop_front();
        done(Buffer(fmt::format(R"({{"records":[{}],"next_cursor":{}}})", record_of(1), cursor)));
        settle();
    };
    answer(R"("more")");
    EXPECT_THAT(http.sent(client).back(), testing::HasSubstr(R"("complete":false)"));
    EXPECT_THAT(list_requests.back(), testing::HasSubstr(R"("cursor":"more")"));
    commit();
    answer("null");
    EXPECT_THAT(http.sent(client)[3],
                testing::HasSubstr(R"("streams":[{"id":1,"status":"live"}],"complete":true)"));
    EXPECT_THAT(news(client), ElementsAre("snapshot", "snapshot", "6", "7"));
    commit();
    EXPECT_THAT(news(client), ElementsAre("8"));
}

TEST_F(AResumingClient, NeedsNoSnapshotWhereItGoesOn) {
    begin(5);
    auto* client = connect();
    send(client, "subscribe", R"({"since":1,"streams":{}})", kWithSnapshot);
    ASSERT_EQ(lists.size(), 1U);
    lists.front()(Buffer(R"({"records":[],"next_cursor":null})"));
    settle();
    commit();
    EXPECT_THAT(news(client),
                ElementsAre("welcome", "confirm_subscription", "snapshot", "confirm_history", "6"));
    drop(client);
    commit();
    client = connect(sid);
    send(client, "history", place(6), kWithSnapshot);
    EXPECT_THAT(news(client), ElementsAre("welcome restored", "7", "confirm_history"));
    EXPECT_EQ(lists.size(), 1U);
}

// Any order of commits, drops and answers: every number once, in order.
TEST_F(AResumingClient, MissesNothingOverRandomDisconnects) {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        std::mt19937 random(seed);
        journal = {};
        journal.epoch = fmt::format("seed-{}", seed);
        std::uint64_t seen = 0;
        sw_ws_connection* client = nullptr;
        sid.clear();
        commit();  // of this journal, so that the hub knows
        const auto read = [&] {
            for (const auto& item : news(client)) {
                if (item == "welcome restored") send(client, "history", place(seen, journal.epoch));
                if (item == "welcome") send(client, "subscribe", place(seen, journal.epoch));
                ASSERT_NE(item, "reject_history");
                if (!item.empty() && std::isdigit(item.front())) {
                    ASSERT_EQ(std::stoull(item), seen + 1) << "seed " << seed;
                    ++seen;
                }
            }
        };
        if (seed == 1) begin(1);
        for (int step = 0; step < 400; ++step) {
            switch (random() % 4) {
                case 0:
                    commit(random() % 3);
                    break;
                case 1:
                    settle();
                    break;
                case 2:
                    if (client && random() % 3 == 0) {
                        drop(client);
                        client = nullptr;
                    }
                    break;
                default:
                    if (!client) client = connect(sid);
                    read();
            }
        }
        if (!client) client = connect(sid);
        for (int i = 0; i < 4; ++i) {
            read();
            settle();
        }
        read();
        EXPECT_EQ(seen, journal.last) << "seed " << seed;
        drop(client);
    }
}

}  // namespace
}  // namespace streamwall::hub
