// The mirror in a host, beside a real server: that the stream has the journal's events, each once
// and in order, whatever becomes of either side.
#include "mirror_fixture.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

namespace streamwall::jetstream::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST_F(AMirror, CopiesEveryEventOnceInOrderAsTheJournalHasIt) {
    Host host(options(settings(server)));
    start(host);
    auto expected = append(host, 700);
    for (int n = 0; n < 30; ++n)
        expected.push_back(append(host, 1).front());
    ASSERT_TRUE(fills(host, expected.size()));
    const auto mirrored = all();
    EXPECT_THAT(ids_of(mirrored), ElementsAreArray(expected));

    const auto reply = host.call("journal", "read", R"({"after":0,"limit":1000})");
    ASSERT_TRUE(reply);
    const auto journal = boost::json::parse(reply.body);
    const std::string epoch(journal.at("epoch").as_string());
    const auto& events = journal.at("events").as_array();
    ASSERT_EQ(events.size(), mirrored.size());
    for (std::size_t n = 0; n < events.size(); ++n) {
        const auto& one = mirrored[n];
        EXPECT_EQ(boost::json::parse(one.body), events[n]);
        EXPECT_EQ(one.sequence, n + 1);
        EXPECT_EQ(one.epoch, epoch);
        EXPECT_EQ(one.subject, "streamwall.events." + epoch + "." +
                                   std::string(events[n].at("type").as_string()));
    }
    EXPECT_TRUE(has_health(host, "ok"));
    EXPECT_TRUE(host.stop());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(AMirror, DoublesNothingWhenItIsStartedAgain) {
    Host host(options(settings(server)));
    start(host);
    std::vector<std::string> expected;
    for (int round = 0; round < 5; ++round) {
        for (const auto& id : append(host, 300))
            expected.push_back(id);
        ASSERT_TRUE(host.restart(kMirror));  // in the middle of what it sends
    }
    ASSERT_TRUE(fills(host, expected.size()));
    ASSERT_TRUE(has_health(host, "ok"));
    EXPECT_THAT(ids_of(all()), ElementsAreArray(expected));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST_F(AMirror, FillsAStreamThatWasDeletedAgain) {
    Host host(options(settings(server)));
    start(host);
    const auto expected = append(host, 300);
    ASSERT_TRUE(fills(host, 300));
    StreamReader(server.url()).erase();
    ASSERT_TRUE(fills(host, 300));
    EXPECT_THAT(ids_of(all()), ElementsAreArray(expected));
    EXPECT_THAT(host.document("metrics"),
                HasSubstr("streamwall_jetstream_mirror_republished_total"));
}

TEST_F(AMirror, FillsAStreamThatWasPurgedAgain) {
    Host host(options(settings(server)));
    start(host);
    const auto expected = append(host, 300);
    ASSERT_TRUE(fills(host, 300));
    StreamReader(server.url()).purge();
    ASSERT_TRUE(fills(host, 300));
    EXPECT_THAT(ids_of(all()), ElementsAreArray(expected));
    EXPECT_TRUE(has_health(host, "ok"));
}

TEST_F(AMirror, FillsAStreamThatWasPurgedWhileItIsWritten) {
    Host host(options(settings(server)));
    start(host);
    std::set<std::string> expected;
    const auto add = [&](int count) {
        for (const auto& id : append(host, count))
            expected.insert(id);
    };
    add(500);
    ASSERT_TRUE(fills(host, 500));
    std::atomic<bool> noticed{false};
    std::thread traffic([&] {
        while (!noticed)
            add(1);
    });
    StreamReader(server.url()).purge();
    EXPECT_TRUE(host.eventually(
        [&] {
            for (const auto& line : host.logs(kMirror)) {
                if (line.event == "mirror.refill") return true;
            }
            return false;
        },
        kPatience));
    noticed = true;
    traffic.join();
    EXPECT_TRUE(host.eventually(
        [&] {
            const auto ids = ids_of(all());
            return std::set<std::string>(ids.begin(), ids.end()) == expected;
        },
        kPatience));
}

TEST_F(AMirror, FillsTheStreamOfAServerThatLostEverything) {
    Host host(options(settings(server)));
    start(host);
    auto expected = append(host, 300);
    ASSERT_TRUE(fills(host, 300));
    server.kill();
    store.wipe();
    for (const auto& id : append(host, 10))
        expected.push_back(id);
    server.start();
    ASSERT_TRUE(fills(host, 310));
    EXPECT_THAT(ids_of(all()), ElementsAreArray(expected));
}

TEST_F(AMirror, SaysThatItsServerIsAwayAndCatchesUp) {
    server.kill();
    Host host(options(settings(server)));
    start(host);
    EXPECT_EQ(host.state(kMirror).state, "running");
    auto expected = append(host, 300);
    ASSERT_TRUE(host.eventually([&] {
        const auto state = host.state(kMirror);
        return state.health == "degraded" &&
               state.health_reason.find(server.url()) != std::string::npos;
    })) << host.state(kMirror).health_reason;
    server.start();
    ASSERT_TRUE(has_health(host, "ok"));
    for (int round = 0; round < 3; ++round) {
        std::thread traffic([&] {
            for (int n = 0; n < 50; ++n) {
                for (const auto& id : append(host, 5))
                    expected.push_back(id);
            }
        });
        server.kill();
        traffic.join();
        ASSERT_TRUE(has_health(host, "degraded"));
        server.start();
        ASSERT_TRUE(has_health(host, "ok"));
        ASSERT_TRUE(fills(host, expected.size()));
    }
    EXPECT_THAT(ids_of(all()), ElementsAreArray(expected));
}

TEST_F(AMirror, NoticesAServerThatIsSilent) {
    Host host(options(settings(server, R"(,"request_timeout":"200ms")")));
    start(host);
    ASSERT_TRUE(has_health(host, "ok"));
    server.freeze();
    ASSERT_TRUE(has_health(host, "degraded"));
    const auto expected = append(host, 10);
    server.thaw();
    ASSERT_TRUE(fills(host, 10));
    ASSERT_TRUE(has_health(host, "ok"));
    EXPECT_THAT(ids_of(all()), ElementsAreArray(expected));
}

TEST_F(AMirror, KeepsTheEventsOfAnotherJournalApart) {
    std::vector<std::string> expected;
    std::set<std::string> epochs;
    const Folder first;
    const Folder second;
    for (const auto& data : {first.path(), second.path(), first.path()}) {
        Host host(options(settings(server), data));
        start(host);
        for (const auto& id : append(host, 100))
            expected.push_back(id);
        ASSERT_TRUE(fills(host, expected.size()));
        ASSERT_TRUE(has_health(host, "ok"));
    }
    const auto mirrored = all();
    EXPECT_THAT(ids_of(mirrored), ElementsAreArray(expected));
    for (const auto& one : mirrored)
        epochs.insert(one.epoch);
    EXPECT_EQ(epochs.size(), 2u);
}

TEST_F(AMirror, SharesItsStreamWithOthersWhoWriteToIt) {
    Host host(options(settings(server)));
    start(host);
    append(host, 10);
    ASSERT_TRUE(fills(host, 10));
    StreamReader reader(server.url());
    for (std::uint64_t n = 0; n < 5; ++n) {
        reader.publish("streamwall.events.theirs.note", "{}");
        append(host, 10);
        ASSERT_TRUE(fills(host, 10 + (n + 1) * 11));
    }
    std::uint64_t last = 0;
    for (const auto& one : all()) {
        if (one.sequence == 0) continue;
        EXPECT_EQ(one.sequence, ++last);
    }
    EXPECT_EQ(last, 60u);
}

TEST_F(AMirror, LeavesAStreamAsItWasMade) {
    StreamReader reader(server.url());
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    const char* subjects[] = {"streamwall.events.>"};
    config.Name = "STREAMWALL_EVENTS";
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.MaxMsgs = 50;
    reader.make(config);
    Host host(options(settings(server)));
    start(host);
    const auto appended = append(host, 200);
    ASSERT_TRUE(host.eventually([&] { return reader.next_place() == 201; }, kPatience));
    EXPECT_TRUE(has_health(host, "ok"));
    // The stream's own limit is no purge.
    host.eventually([&] { return reader.next_place() > 201; }, 500ms);
    EXPECT_EQ(reader.next_place(), 201u);
    EXPECT_EQ(reader.count(), 50u);
    EXPECT_THAT(ids_of(all()), ElementsAreArray(appended.end() - 50, appended.end()));
}

TEST_F(AMirror, RefusesAStreamThatForgetsWhatWasRead) {
    StreamReader reader(server.url());
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    const char* subjects[] = {"streamwall.events.>"};
    config.Name = "STREAMWALL_EVENTS";
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Retention = js_WorkQueuePolicy;
    reader.make(config);
    Host host(options(settings(server)));
    start(host);
    EXPECT_TRUE(host.eventually([&] {
        return host.state(kMirror).health_reason.find("retention") != std::string::npos;
    })) << host.state(kMirror).health_reason;
    EXPECT_EQ(reader.count(), 0u);
}

TEST(AMirrorsSettings, AreNamedWhereTheyAreWrong) {
    struct Case {
        std::string settings, where;
    };
    const Case cases[] = {
        {R"({"url":"http://host"})", "url"},
        {R"({"user":"a","token":"s3cret"})", "user"},
        {R"({"credentials_file":"/absent/a.creds"})", "credentials_file"},
        {R"({"request_timeout":"0s"})", "request_timeout"},
        {R"({"check_interval":"0s"})", "check_interval"},
        {R"({"max_age":"1s"})", "max_age"},
        {R"({"stream":"a.b"})", "stream"},
        {R"({"prefix":"a.>"})", "prefix"},
        {R"({"prefix":"a..b"})", "prefix"},
        {R"({"window":0})", "window"},
    };
    for (const auto& each : cases) {
        Host host(options(each.settings));
        const auto started = host.start();
        ASSERT_FALSE(started) << each.settings;
        EXPECT_THAT(started.message + started.where, HasSubstr(each.where)) << each.settings;
    }
}

TEST_F(AMirror, LeavesNoThreadAndNoDescriptorBehind) {
    Host host(options(settings(server)));
    start(host);
    ASSERT_TRUE(has_health(host, "ok"));
    ASSERT_TRUE(host.disable(kMirror));
    const auto before = Host::resources();
    for (int n = 0; n < 20; ++n) {
        ASSERT_TRUE(host.enable(kMirror));
        ASSERT_TRUE(has_health(host, "ok"));
        ASSERT_TRUE(host.disable(kMirror));
    }
    EXPECT_TRUE(host.eventually([&] {
        const auto now = Host::resources();
        return now.threads <= before.threads && now.descriptors <= before.descriptors &&
               now.buffers <= before.buffers;
    }));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

}  // namespace
}  // namespace streamwall::jetstream::testing
