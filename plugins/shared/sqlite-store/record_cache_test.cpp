#include "sqlite-store/record_cache.hpp"

#include <gtest/gtest.h>

namespace streamwall::sqlite {
namespace {

RecordText text_of(std::size_t size) {
    return std::make_shared<const std::string>(size, 'x');
}

TEST(RecordCache, KeepsNoTextThatWouldPushOutManyOthers) {
    RecordCache cache(std::size_t{8} << 20);
    cache.put("pages", 1, text_of(1000));
    ASSERT_NE(cache.find("pages", 1), nullptr);
    cache.put("pages", 1, text_of(100'000));
    EXPECT_EQ(cache.find("pages", 1), nullptr) << "nor what it was before";
    const auto ticket = cache.ticket("pages", 2);
    cache.fill("pages", 2, ticket, text_of(100'000));
    EXPECT_EQ(cache.find("pages", 2), nullptr);
    cache.fill("pages", 2, ticket, text_of(10'000));
    EXPECT_NE(cache.find("pages", 2), nullptr);
}

}  // namespace
}  // namespace streamwall::sqlite
