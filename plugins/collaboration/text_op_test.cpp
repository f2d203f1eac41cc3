// Operations on texts: single cases against ot-text-unicode's rules, then random schedules.
#include "text_op.hpp"

#include <boost/json.hpp>

#include <gtest/gtest.h>

#include <deque>
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

// ---- Random schedules: clients that type, a server that orders, and a network in between.
class Dice {
  public:
    explicit Dice(unsigned seed) : random_(seed) {}
    std::size_t below(std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
    }
    TextOp edit(std::string_view text) {
        boost::json::array list;
        auto left = count_points(text);
        for (auto parts = below(4) + 1; parts > 0; --parts) {
            const auto length = static_cast<std::int64_t>(left ? below(left) + 1 : 0);
            const auto kind = below(3);
            if (kind == 0 || length == 0) {
                constexpr const char* kWords[] = {"a", "bc", "ß", "😀", "of "};
                list.emplace_back(kWords[below(5)]);
                continue;
            }
            if (kind == 1) list.emplace_back(length);
            if (kind == 2) list.emplace_back(boost::json::object{{"d", length}});
            left -= static_cast<std::size_t>(length);
        }
        return *parse_text_op(list);
    }

  private:
    std::mt19937 random_;
};

// One operation in flight at a time, as ShareDB's client does; what is typed meanwhile waits.
struct Client {
    std::string text;
    std::size_t version = 0;
    std::optional<TextOp> in_flight;
    std::deque<TextOp> waiting;
    std::size_t read = 0;  // of the server's history

    void type(const TextOp& op) {
        text = *apply_text_op(text, op);
        waiting.push_back(op);
    }
    void hear(const TextOp& given) {
        auto op = given;
        const auto pass = [&](TextOp& mine) {
            const auto passed = transform_text_op(op, mine, Side::kRight);
            mine = transform_text_op(mine, op, Side::kLeft);
            op = passed;
        };
        if (in_flight) pass(*in_flight);
        for (auto& each : waiting)
            pass(each);
        text = *apply_text_op(text, op);
        ++version;
    }
};

struct Server {
    std::string text;
    std::vector<std::pair<std::size_t, TextOp>> history;  // author and operation

    void take(std::size_t author, std::size_t version, TextOp op) {
        for (auto at = version; at < history.size(); ++at)
            op = transform_text_op(op, history[at].second, Side::kLeft);
        const auto next = apply_text_op(text, op);
        ASSERT_TRUE(next) << "a transformed operation fits the text";
        text = *next;
        history.emplace_back(author, std::move(op));
    }
};

TEST(TextsOfManyClients, AreTheSameInTheEndWhateverTheSchedule) {
    for (unsigned seed = 1; seed <= 400; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Dice dice(seed);
        Server server{"Größe 😀", {}};
        struct Sent {
            std::size_t version;
            TextOp op;
        };
        std::vector<Client> clients(2 + dice.below(3), Client{server.text, 0, {}, {}, 0});
        std::vector<std::optional<Sent>> upward(clients.size());
        const auto step = [&](std::size_t who, std::size_t kind) {
            auto& client = clients[who];
            if (kind == 0 && !client.in_flight && !client.waiting.empty()) {
                client.in_flight = std::move(client.waiting.front());
                client.waiting.pop_front();
                upward[who] = {client.version, *client.in_flight};
            } else if (kind == 1 && upward[who]) {
                server.take(who, upward[who]->version, std::move(upward[who]->op));
                upward[who].reset();
            } else if (kind == 2 && client.read < server.history.size()) {
                const auto& [author, op] = server.history[client.read++];
                if (author == who) {
                    client.in_flight.reset();
                    ++client.version;
                } else {
                    client.hear(op);
                }
            }
        };
        for (int turn = 0; turn < 150; ++turn) {
            const auto who = dice.below(clients.size());
            if (dice.below(3) == 0) clients[who].type(dice.edit(clients[who].text));
            step(who, dice.below(3));
        }
        const auto is_quiet = [&] {
            for (std::size_t who = 0; who < clients.size(); ++who) {
                const auto& client = clients[who];
                if (client.in_flight || !client.waiting.empty() || upward[who] ||
                    client.read < server.history.size()) {
                    return false;
                }
            }
            return true;
        };
        while (!is_quiet())
            step(dice.below(clients.size()), dice.below(3));
        for (const auto& client : clients)
            ASSERT_EQ(client.text, server.text);
    }
}

}  // namespace
}  // namespace streamwall::collaboration
