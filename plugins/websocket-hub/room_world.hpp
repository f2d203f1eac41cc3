// A hub whose channel of another plugin is the test's: what it asks that plugin, the test answers.
#pragma once

#include "fake_http.hpp"
#include "hub.hpp"

#include <streamwall/sdk/json.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::hub {

inline constexpr std::string_view kTable = R"({"channel":"TableChannel","n":1})";

inline std::string command(std::string_view name, std::string_view identifier,
                           std::string_view data = {}) {
    json::Writer out;
    out.text("command", name).text("identifier", identifier);
    if (!data.empty()) out.raw("data", data);
    return out.take();
}
inline std::string answer(std::string_view type) {
    return json::Writer().text("identifier", kTable).text("type", type).take();
}
inline std::string message(std::string_view text) {
    return json::Writer().text("identifier", kTable).raw("message", text).take();
}

inline boost::json::value json_text(const std::string& text) {
    return boost::json::value(text);
}

// A call that the hub made.
struct Asked {
    std::string channel;
    std::string method;
    boost::json::object request;
    std::string role;
    std::function<void(Result<Buffer>)> done;
};

class ARoom : public testing::Test {
  protected:
    ARoom() { EXPECT_TRUE(hub.mount()); }
    ~ARoom() override {
        for (auto* connection : open)
            http.disconnect(connection);
        hub.shut_down();
    }

    sw_ws_connection* connect(FakeClient client = {}) {
        open.push_back(http.connect(client));
        news(open.back());
        return open.back();
    }
    void disconnect(sw_ws_connection* connection) {
        std::erase(open, connection);
        http.disconnect(connection);
    }
    std::vector<std::string> news(sw_ws_connection* connection) { return http.news(connection); }
    // The oldest call that was not looked at.
    Asked take() {
        if (asked.empty()) {
            ADD_FAILURE() << "nothing was asked";
            return {};
        }
        auto out = std::move(asked.front());
        asked.pop_front();
        return out;
    }
    static void admit(const Asked& call, std::string_view rooms = R"(["a"])", int position = 0,
                      std::string_view messages = "[]", std::string_view owner = "one") {
        call.done(Buffer(fmt::format(R"({{"owner":"{}","position":{},"rooms":{},"messages":{}}})",
                                     owner, position, rooms, messages)));
    }
    sw_ws_connection* member(std::string* id = nullptr) {
        auto* connection = connect();
        http.receive(connection, command("subscribe", kTable));
        const auto call = take();
        if (id) *id = std::string(call.request.at("subscription").as_string());
        admit(call);
        news(connection);
        return connection;
    }
    void broadcast(int position, std::string_view text, std::string_view more = R"("room":"a")",
                   std::string_view owner = "one") {
        EXPECT_TRUE(hub.deliver_to_room(fmt::format(
            R"({{"channel":"TableChannel","owner":"{}","position":{},{},"message":{}}})", owner,
            position, more, text)));
    }

    FakeHttp http;
    std::deque<Asked> asked;
    Hub hub{http.table(),
            http.self(),
            http.lease(),
            {},
            {},
            {},
            {},
            [this](const std::string& channel, std::string_view method, const Buffer& request,
                   const Context* who, const sw_executor*, auto done) {
                asked.push_back({channel, std::string(method),
                                 json::parse_object(request.view()).value(),
                                 who ? std::string(who->role()) : "hub", std::move(done)});
            }};
    std::vector<sw_ws_connection*> open;
};

}  // namespace streamwall::hub
