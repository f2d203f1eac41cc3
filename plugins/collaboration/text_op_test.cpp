// Operations on texts: single cases against ot-text-unicode's rules, then random schedules.
#include "text_op.hpp"

#include "testing/text_schedule.hpp"

#include <boost/json.hpp>

#include <gtest/gtest.h>

#include <random>

namespace streamwall::collaboration {
namespace {

TextOp op(std::string_view text) {
    auto out = parse_text_op(boost::json::parse(text));
    EXPECT_TRUE(out) << text;
    return out.value_or(TextOp());
}
std::string text_of(const TextOp& op) {
    return boost::json::serialize(to_json(op));
}

TEST(ATextOp, IsReadInItsNormalForm) {
    const std::pair<const char*, const char*> cases[] = {
        {R"([])", R"([])"},
        {R"([5])", R"([])"},
        {R"(["a","b",2,3])", R"(["ab"])"},
        {R"([1,2,{"d":1},{"d":2},"x"])", R"([3,{"d":3},"x"])"},
        {R"([{"d":"ä😀"}])", R"([{"d":2}])"},
        {R"(["",{"d":""},1,""])", R"([])"},
    };
    for (const auto& [given, normal] : cases)
        EXPECT_EQ(text_of(op(given)), normal) << given;
}

TEST(ATextOp, IsRefusedWhereItIsNone) {
    for (const auto* bad : {"{}", "1", "\"a\"", "null", "[0]", "[-1]", "[1.5]", "[true]", "[null]",
                            "[[1]]", "[{}]", R"([{"d":0}])", R"([{"d":-1}])", R"([{"d":1,"x":1}])",
                            R"([{"i":"a"}])", R"([{"d":null}])", "[2000000000]"}) {
        EXPECT_FALSE(parse_text_op(boost::json::parse(bad))) << bad;
    }
    EXPECT_FALSE(parse_text_op(boost::json::array(kMaxComponents + 1, 1)));
}

TEST(ATextOp, CountsCodePoints) {
    EXPECT_EQ(apply_text_op("a😀ß", op(R"([2,"é",{"d":1}])")), "a😀é");
    EXPECT_EQ(apply_text_op("", op(R"(["x"])")), "x");
    EXPECT_EQ(apply_text_op("ab", op(R"([])")), "ab");
    EXPECT_FALSE(apply_text_op("ab", op(R"([2,{"d":1}])")));
    EXPECT_FALSE(apply_text_op("ab", op(R"([3,"x"])")));
}

TEST(ATextOp, IsTransformedAsOtTextUnicodeDoes) {
    struct Case {
        const char* mine;
        const char* other;
        const char* left;
        const char* right;
    };
    const Case cases[] = {
        {R"(["a"])", R"(["b"])", R"(["a"])", R"([1,"a"])"},
        {R"([2,"a"])", R"(["xyz"])", R"([5,"a"])", R"([5,"a"])"},
        {R"([2,"a"])", R"([{"d":4}])", R"(["a"])", R"(["a"])"},
        {R"([1,{"d":3}])", R"([2,"in"])", R"([1,{"d":1},2,{"d":2}])", R"([1,{"d":1},2,{"d":2}])"},
        {R"([{"d":3}])", R"([1,{"d":3}])", R"([{"d":1}])", R"([{"d":1}])"},
        {R"([{"d":2},"q"])", R"([{"d":2},"r"])", R"(["q"])", R"([1,"q"])"},
        {R"([3,"a"])", R"([])", R"([3,"a"])", R"([3,"a"])"},
        {R"([])", R"(["b"])", R"([])", R"([])"},
    };
    for (const auto& [mine, other, left, right] : cases) {
        EXPECT_EQ(text_of(transform_text_op(op(mine), op(other), Side::kLeft)), left) << mine;
        EXPECT_EQ(text_of(transform_text_op(op(mine), op(other), Side::kRight)), right) << mine;
    }
}

class Dice {
  public:
    explicit Dice(unsigned seed) : random_(seed) {}
    std::size_t below(std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
    }

  private:
    std::mt19937 random_;
};

TEST(TextsOfManyClients, AreTheSameInTheEndWhateverTheSchedule) {
    for (unsigned seed = 1; seed <= 400; ++seed) {
        Dice dice(seed);
        testing::TextSchedule schedule("Größe 😀", 2 + dice.below(3));
        for (int turn = 0; turn < 150; ++turn)
            schedule.turn(dice);
        ASSERT_TRUE(schedule.settle()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace streamwall::collaboration
