// Conformance: many callers at once.
#pragma once

#include <atomic>
#include <set>
#include <thread>

#include "storage_conformance_fixture.hpp"

namespace streamwall::testing {

TEST_P(StorageConformance, ATailingReaderSeesNoGapUnderSixteenWriters) {
    constexpr int kWriters = 16;
    constexpr int kEach = 40;
    std::atomic<int> failed{0};
    std::vector<std::thread> writers;
    for (int w = 0; w < kWriters; ++w) {
        writers.emplace_back([&, w] {
            for (int i = 0; i < kEach; ++i) {
                const auto reply = apply_raw(
                    insert_of(R"({"title":"w)" + std::to_string(w) + "\"}") +
                    R"(,{"op":"event","type":"show.created","version":"1.0","subject":"show/{id}","record":0})");
                if (reply.status != kOk) ++failed;
            }
        });
    }
    std::int64_t next = 1;
    std::set<std::int64_t> records;
    while (next <= kWriters * kEach && failed == 0) {
        const auto page = journal("read", R"({"after":)" + std::to_string(next - 1) + "}");
        for (const auto& event : page.at("events").as_array()) {
            ASSERT_EQ(event.at("sequence").as_int64(), next) << "a gap";
            ++next;
            const auto id = id_of(event.at("data"));
            EXPECT_TRUE(records.insert(id).second);
            EXPECT_EQ(event.at("subject").as_string(), "show/" + std::to_string(id));
        }
    }
    for (auto& writer : writers)
        writer.join();
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(records.size(), static_cast<std::size_t>(kWriters * kEach));
}

TEST_P(StorageConformance, ConcurrentUpdatesWithExpectedVersionsLoseNothing) {
    constexpr int kWriters = 8;
    constexpr int kEach = 25;
    const auto id = id_of(insert(R"({"viewers":0})"));
    std::vector<std::thread> writers;
    for (int w = 0; w < kWriters; ++w) {
        writers.emplace_back([&] {
            for (int done = 0; done < kEach;) {
                const auto now = boost::json::parse(get(id).body);
                const auto reply = apply_raw(update_of(
                    id, R"({"viewers":)" + std::to_string(now.at("viewers").as_int64() + 1) + "}",
                    R"(,"version":)" + std::to_string(now.at("version").as_int64())));
                if (reply.status == kOk)
                    ++done;
                else
                    EXPECT_EQ(reply.status, kAborted) << reply.message;
            }
        });
    }
    for (auto& writer : writers)
        writer.join();
    const auto record = boost::json::parse(get(id).body);
    EXPECT_EQ(record.at("viewers"), kWriters * kEach);
    EXPECT_EQ(record.at("version"), kWriters * kEach + 1);
}

TEST_P(StorageConformance, ACallerReadsItsOwnWrites) {
    std::vector<std::thread> callers;
    for (int c = 0; c < 4; ++c) {
        callers.emplace_back([&] {
            const auto id = id_of(insert(R"({"viewers":0})"));
            for (int i = 1; i <= 50; ++i) {
                apply(update_of(id, R"({"viewers":)" + std::to_string(i) + "}"));
                EXPECT_EQ(boost::json::parse(get(id).body).at("viewers"), i);
                if (i % 10 == 0) {
                    EXPECT_EQ(
                        matching(R"({"and":[{"field":"id","op":"eq","value":)" +
                                 std::to_string(id) + R"(},{"field":"viewers","op":"eq","value":)" +
                                 std::to_string(i) + "}]}")
                            .size(),
                        1U);
                }
            }
        });
    }
    for (auto& caller : callers)
        caller.join();
}

TEST_P(StorageConformance, AFailingRequestSpoilsNoOtherThatCameWithIt) {
    insert(R"({"url":"taken"})");
    std::atomic<int> conflicts{0};
    std::atomic<int> made{0};
    std::vector<std::thread> writers;
    for (int w = 0; w < 8; ++w) {
        writers.emplace_back([&, w] {
            for (int i = 0; i < 20; ++i) {
                const bool bad = (w + i) % 2 == 0;
                const auto reply = apply_raw(insert_of(R"({"title":"good"})") + "," +
                                             insert_of(bad ? R"({"url":"taken"})" : "{}"));
                if (reply.status == kAlreadyExists && bad) ++conflicts;
                if (reply.status == kOk && !bad) ++made;
            }
        });
    }
    for (auto& writer : writers)
        writer.join();
    EXPECT_EQ(conflicts, 80);
    EXPECT_EQ(made, 80);
    const auto count = store("query", R"({"collection":"shows","count":true,"limit":1,
        "filter":{"field":"title","op":"eq","value":"good"}})");
    EXPECT_EQ(count.at("count"), 80);
}

}  // namespace streamwall::testing
