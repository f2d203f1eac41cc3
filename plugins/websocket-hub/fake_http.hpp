// A listener without sockets: connections are records of what they were sent. As strict as the real
// one: what the interface forbids ends the test.
#pragma once

#include <streamwall/ext/http.h>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

struct sw_ws_topic {
    std::set<sw_ws_connection*> members;
};

struct sw_ws_connection {
    std::vector<std::string> sent;
    std::size_t read = 0;                 // of these, by news()
    std::vector<std::string> merge_keys;  // beside `sent`, empty for direct messages
    int close_code = 0;                   // once asked to close
    bool gone = false;                    // after on_close
    bool wants_written = false;
    std::uint32_t silence_ms = 0;  // of watch()
    int references = 1;
    void* user = nullptr;
};

namespace streamwall::hub {

struct FakeClient {
    std::string_view principal_type = "user";
    std::string_view role = "viewer";
    std::string_view protocol = "actioncable-v1-json";
    std::string_view query = {};
    std::string_view principal_id = "1";
    std::string_view scopes = {};
};

class FakeHttp {
  public:
    FakeHttp();
    ~FakeHttp();
    FakeHttp(const FakeHttp&) = delete;
    FakeHttp& operator=(const FakeHttp&) = delete;

    const sw_http_table* table() const { return &table_; }
    void* self() { return this; }
    sw_lease* lease() { return reinterpret_cast<sw_lease*>(this); }

    // What a client and the listener do. Any thread; one at a time for one connection.
    sw_ws_connection* connect(const FakeClient& client = {});
    // Calls on_written of all who asked for it; how many those were.
    int write_all();
    void receive(sw_ws_connection* connection, std::string_view text, bool is_text = true);
    void disconnect(sw_ws_connection* connection);

    std::vector<std::string> sent(sw_ws_connection* connection);
    // What was sent since it was asked last.
    std::vector<std::string> news(sw_ws_connection* connection);
    int open_topics();
    const sw_ws_endpoint& endpoint() const { return endpoint_; }

  private:
    static FakeHttp& from(void* self) { return *static_cast<FakeHttp*>(self); }
    void deliver(sw_ws_connection* connection, const sw_buffer* payload, sw_str merge_key);

    sw_http_table table_{};
    sw_ws_endpoint endpoint_{};
    std::mutex mutex_;
    std::set<sw_ws_topic*> topics_;
    std::vector<std::unique_ptr<sw_ws_connection>> connections_;
};

// Sets up buffers for code that runs without a host.
void install_test_buffers();

}  // namespace streamwall::hub
