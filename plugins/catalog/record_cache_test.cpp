#include "record_cache.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace streamwall::catalog {
namespace {

using State = RecordCache::State;

Buffer record(std::int64_t id, std::int64_t version, std::string_view url = "https://a.b/c",
              bool archived = false) {
    return Buffer(R"({"id":)" + std::to_string(id) + R"(,"url":")" + std::string(url) +
                  R"(","status":"live","archived":)" + (archived ? "true" : "false") +
                  R"(,"version":)" + std::to_string(version) + "}");
}

TEST(RecordCache, HoldsWhatItWasGivenWithoutCopyingIt) {
    RecordCache cache(1 << 20);
    const auto one = record(1, 1);
    cache.keep_read(one);
    EXPECT_EQ(cache.find(1).record.get(), one.get());
    EXPECT_EQ(cache.find(2).state, State::kUnknown);
}

TEST(RecordCache, ReplacesOlderVersionsOnly) {
    RecordCache cache(1 << 20);
    cache.keep_written(record(1, 3));
    cache.keep_read(record(1, 2));
    cache.keep_written(record(1, 1));
    EXPECT_EQ(cache.find(1).record.view(), record(1, 3).view());
    cache.keep_read(record(1, 4));
    EXPECT_EQ(cache.find(1).record.view(), record(1, 4).view());
}

TEST(RecordCache, FindsByUrlWhatIsNotArchived) {
    RecordCache cache(1 << 20);
    cache.keep_written(record(1, 1, "https://x.y/z"));
    EXPECT_TRUE(cache.find_url("https://x.y/z"));
    EXPECT_FALSE(cache.find_url("https://x.y/other"));
    cache.keep_written(record(1, 2, "https://x.y/z", true));
    EXPECT_FALSE(cache.find_url("https://x.y/z"));
}

TEST(RecordCache, FollowsAUrlThatChanges) {
    RecordCache cache(1 << 20);
    cache.keep_written(record(1, 1, "https://x.y/old"));
    cache.keep_written(record(1, 2, "https://x.y/new"));
    EXPECT_FALSE(cache.find_url("https://x.y/old"));
    EXPECT_TRUE(cache.find_url("https://x.y/new"));
}

TEST(RecordCache, FindsAStreamByItsUrlAfterAChangeThatLeftItInPlace) {
    RecordCache cache(1 << 20);
    cache.keep_written(record(1, 1, "https://x.y/z"));
    cache.keep_written(record(1, 2, "https://x.y/z"), false);
    EXPECT_EQ(cache.find_url("https://x.y/z").view(), record(1, 2, "https://x.y/z").view());
}

TEST(RecordCache, LooksAtTheUrlAgainWhereItMissedTheVersionBefore) {
    RecordCache cache(1 << 20);
    cache.keep_written(record(1, 1, "https://x.y/old"));
    cache.keep_written(record(1, 3, "https://x.y/new"), false);
    EXPECT_FALSE(cache.find_url("https://x.y/old"));
    EXPECT_TRUE(cache.find_url("https://x.y/new"));
    cache.keep_written(record(2, 2, "https://x.y/unseen"), false);
    EXPECT_TRUE(cache.find_url("https://x.y/unseen"));
}

TEST(RecordCache, RemembersThatARecordIsGone) {
    RecordCache cache(1 << 20);
    cache.keep_written(record(1, 1));
    cache.bury(1);
    cache.keep_read(record(1, 1));
    EXPECT_EQ(cache.find(1).state, State::kGone);
    EXPECT_FALSE(cache.find_url("https://a.b/c"));
}

TEST(RecordCache, KeepsNoReadOfADistrustedRecordUntilItIsWrittenAgain) {
    RecordCache cache(1 << 20);
    cache.keep_written(record(1, 1));
    cache.distrust(1);
    cache.keep_read(record(1, 1));
    EXPECT_EQ(cache.find(1).state, State::kUnknown);
    cache.keep_written(record(1, 3));
    EXPECT_EQ(cache.find(1).state, State::kHeld);
}

TEST(RecordCache, ForgetsOnlyTheVersionThatIsOld) {
    RecordCache cache(1 << 20);
    cache.keep_written(record(1, 2));
    cache.forget(1, 1);
    EXPECT_EQ(cache.find(1).state, State::kHeld);
    cache.forget(1, 2);
    EXPECT_EQ(cache.find(1).state, State::kUnknown);
    EXPECT_FALSE(cache.find_url("https://a.b/c"));
}

TEST(RecordCache, StaysWithinItsBytesAndKeepsWhatIsUsed) {
    constexpr std::size_t kLimit = 256 << 10;
    RecordCache cache(kLimit);
    cache.keep_written(record(1, 1, "https://used.example/"));
    for (std::int64_t id = 2; id < 20'000; ++id) {
        cache.keep_written(record(id, 1, "https://a.b/" + std::to_string(id)));
        EXPECT_EQ(cache.find(1).state, State::kHeld);
    }
    EXPECT_LE(cache.bytes(), kLimit);
    EXPECT_EQ(cache.find(2).state, State::kUnknown);
    EXPECT_FALSE(cache.find_url("https://a.b/2"));
}

TEST(RecordCache, ServesManyThreads) {
    RecordCache cache(64 << 10);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&cache, t] {
            for (std::int64_t i = 1; i < 3000; ++i) {
                const auto id = i % 97 + 1;
                cache.keep_written(record(id, i, "https://a.b/" + std::to_string(id)));
                if (t == 0 && i % 50 == 0) cache.distrust(id);
                if (auto found = cache.find_url("https://a.b/" + std::to_string(id))) {
                    ASSERT_NE(found.view().find("/" + std::to_string(id) + "\""),
                              std::string_view::npos);
                }
            }
        });
    }
}

}  // namespace
}  // namespace streamwall::catalog
