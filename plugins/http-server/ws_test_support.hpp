// The endpoint that the tests of WebSockets talk to.
#pragma once

#include "test_support.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::http_server::testing {

inline constexpr std::uint8_t kText = 0x81, kClose = 0x88, kPing = 0x89, kPong = 0x8A;

inline void publish(TestServer& server, sw_ws_topic* topic, std::string_view text,
                    std::string_view key = {}) {
    const Body body(text);
    server.table().topic_publish(topic, body.get(), {key.data(), key.size()});
}

inline void send_to_all(TestServer& server, const std::vector<sw_ws_connection*>& connections,
                        std::string_view text) {
    const Body body(text);
    server.table().ws_send_to_all(connections.data(), connections.size(), body.get());
}

// Echoes, and joins every connection to one topic.
class WebSocket : public ::testing::Test {
  protected:
    explicit WebSocket(Options options = TestServer::quick_options()) : server(std::move(options)) {
        topic = server.table().topic_open(&server.server(), server.lease());
        server.mount({.path = "/ws",
                      .protocols = "v2, v1",
                      .on_open =
                          [this](auto* connection, const auto& request, std::string_view protocol) {
                              server.table().topic_join(topic, connection);
                              server.table().topic_join(topic, connection);
                              const std::lock_guard lock(mutex);
                              last_protocol = protocol;
                              last_request = copy(request);
                              connections.push_back(connection);
                              ++opened;
                          },
                      .on_message =
                          [this](auto* connection, std::string_view payload, bool) {
                              const Body body(payload);
                              server.table().ws_send(connection, body.get());
                          },
                      .on_close =
                          [this](auto*, int code) {
                              const std::lock_guard lock(mutex);
                              closed.push_back(code);
                          }});
    }
    // The codes that connections were closed with.
    std::vector<int> closed_codes() {
        const std::lock_guard lock(mutex);
        return closed;
    }
    std::size_t closed_count() { return closed_codes().size(); }

    sw_ws_topic* topic = nullptr;
    std::mutex mutex;
    std::atomic<int> opened{0};
    std::vector<sw_ws_connection*> connections;  // in the order in which they opened
    std::vector<int> closed;
    std::string last_protocol;
    Seen last_request;
    TestServer server;  // last, because its end calls back
};

}  // namespace streamwall::http_server::testing
