// Clients that type, a server that orders, and a network in between. Whoever chooses decides what
// happens next, and in the end all have the same text.
#pragma once

#include "text_op.hpp"

#include <boost/json.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::collaboration::testing {

// One operation in flight at a time, as ShareDB's client does; what is typed meanwhile waits.
struct TextClient {
    std::string text;
    std::size_t version = 0;
    std::optional<TextOp> in_flight = {};
    std::deque<TextOp> waiting = {};
    std::size_t read = 0;  // of the server's history

    void type(const TextOp& op) {
        text = apply_text_op(text, op).value();
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
        text = apply_text_op(text, op).value();
        ++version;
    }
    bool is_idle() const { return !in_flight && waiting.empty(); }
};

struct TextServer {
    std::string text;
    std::vector<std::pair<std::size_t, TextOp>> history = {};  // author and operation

    void take(std::size_t author, std::size_t version, TextOp op) {
        for (auto at = version; at < history.size(); ++at)
            op = transform_text_op(op, history[at].second, Side::kLeft);
        text = apply_text_op(text, op).value();
        history.emplace_back(author, std::move(op));
    }
};

// `Choose` has below(limit), a number below it.
template <class Choose>
TextOp choose_edit(Choose& choose, std::string_view text) {
    constexpr const char* kWords[] = {"a", "bc", "ß", "😀", "of "};
    boost::json::array list;
    auto left = count_points(text);
    for (auto parts = choose.below(4) + 1; parts > 0; --parts) {
        const auto length = static_cast<std::int64_t>(left ? choose.below(left) + 1 : 0);
        const auto kind = choose.below(3);
        if (kind == 0 || length == 0) {
            list.emplace_back(kWords[choose.below(5)]);
            continue;
        }
        if (kind == 1) list.emplace_back(length);
        if (kind == 2) list.emplace_back(boost::json::object{{"d", length}});
        left -= static_cast<std::size_t>(length);
    }
    return parse_text_op(list).value();
}

class TextSchedule {
  public:
    TextSchedule(std::string text, std::size_t clients)
        : server_{text}, clients_(clients, TextClient{std::move(text)}), upward_(clients) {}

    template <class Choose>
    void turn(Choose& choose) {
        const auto who = choose.below(clients_.size());
        auto& client = clients_[who];
        if (choose.below(3) == 0) client.type(choose_edit(choose, client.text));
        step(who, choose.below(3));
    }
    // Everything arrives. Whether all have the same then; throws where an operation did not fit.
    bool settle() {
        while (!is_quiet()) {
            for (std::size_t who = 0; who < clients_.size(); ++who) {
                for (std::size_t kind = 0; kind < 3; ++kind)
                    step(who, kind);
            }
        }
        for (const auto& client : clients_) {
            if (client.text != server_.text) return false;
        }
        return true;
    }

  private:
    struct Sent {
        std::size_t version;
        TextOp op;
    };
    // Sends, arrives at the server, or hears.
    void step(std::size_t who, std::size_t kind) {
        auto& client = clients_[who];
        if (kind == 0 && !client.in_flight && !client.waiting.empty()) {
            client.in_flight = std::move(client.waiting.front());
            client.waiting.pop_front();
            upward_[who] = {client.version, *client.in_flight};
        } else if (kind == 1 && upward_[who]) {
            server_.take(who, upward_[who]->version, std::move(upward_[who]->op));
            upward_[who].reset();
        } else if (kind == 2 && client.read < server_.history.size()) {
            const auto& [author, op] = server_.history[client.read++];
            if (author == who) {
                client.in_flight.reset();
                ++client.version;
            } else {
                client.hear(op);
            }
        }
    }
    bool is_quiet() const {
        for (std::size_t who = 0; who < clients_.size(); ++who) {
            const auto& client = clients_[who];
            if (!client.is_idle() || upward_[who] || client.read < server_.history.size()) {
                return false;
            }
        }
        return true;
    }

    TextServer server_;
    std::vector<TextClient> clients_;
    std::vector<std::optional<Sent>> upward_;  // one operation on its way for each
};

}  // namespace streamwall::collaboration::testing
