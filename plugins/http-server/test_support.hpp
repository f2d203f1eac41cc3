// For this folder's tests: a host of plain fakes, a server on a free port, and a raw client that
// sends bytes as they are given.
#pragma once

#include "server.hpp"
#include "table.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::http_server::testing {

inline constexpr std::string_view kKey = "sw_test-key-0123456789";

// Counts buffers and keeps what is logged and measured.
class FakeHost {
  public:
    FakeHost();
    Host host();
    std::int64_t live_buffers() const;
    std::vector<std::string> log_lines() const;  // "event message fields"
    double metric(const std::string& name_and_labels) const;

  private:
    friend struct FakeTables;
    mutable std::mutex mutex_;
    std::vector<std::string> log_;
    std::map<std::string, double> metrics_;
};

// A body for a response; the caller's reference is released at the end.
class Body {
  public:
    explicit Body(std::string_view text);
    ~Body();
    const sw_buffer* get() const { return buffer_; }

  private:
    sw_buffer* buffer_;
};

struct Seen {
    std::string method, target, path, query, body, peer, principal, role, request_id, traceparent;
    std::vector<std::string> parameters = {};
    std::map<std::string, std::string> headers = {};
    std::uint64_t deadline_ns = 0;
    bool home_is_current = false;
    bool is_secure = false;
};
Seen copy(const sw_http_request& request);

void answer(sw_http_exchange* exchange, int status, std::string_view body,
            std::vector<std::pair<std::string, std::string>> headers = {});

using Handler = std::function<void(const sw_http_request&, sw_http_exchange*)>;

struct RouteSpec {
    std::string method = "GET";
    std::string path;
    int access = SW_HTTP_OPEN;
    std::string scope = {};
    std::uint32_t flags = 0;
    std::uint32_t timeout_ms = 0;
    std::size_t body_limit = 0;
};

// A WebSocket endpoint whose callbacks are functions.
struct EndpointSpec {
    std::string path = "/ws";
    std::string protocols = {};
    std::uint32_t flags = SW_WS_UNAUTHENTICATED;
    std::size_t message_limit = 0;
    std::uint32_t fragment_limit = 0;
    std::function<void(sw_ws_connection*, const sw_http_request&, std::string_view)> on_open = {};
    std::function<void(sw_ws_connection*, std::string_view, bool)> on_message = {};
    std::function<void(sw_ws_connection*, int)> on_close = {};
    std::function<void(sw_ws_connection*)> on_written = {};
};

class TestServer {
  public:
    // Short times and no rate limits, for tests that are not about them.
    static Options quick_options();
    // Without `authenticator` kKey alone counts.
    explicit TestServer(Options options = quick_options(),
                        std::unique_ptr<Authenticator> authenticator = nullptr);
    ~TestServer();

    sw_status mount(const RouteSpec& spec, Handler handler, sw_error* error = nullptr);
    sw_status mount(EndpointSpec spec, sw_error* error = nullptr);
    sw_lease* lease() { return reinterpret_cast<sw_lease*>(this); }
    const sw_http_table& table() const { return *http_table(); }
    std::uint16_t port() const;
    Server& server() { return *server_; }
    FakeHost& fake() { return host_; }
    void stop() { server_->stop(); }
    // Everything mounted is gone when it returns.
    void unmount();
    // A drain that has ended.
    void drain(std::chrono::milliseconds limit);

  private:
    FakeHost host_;
    std::vector<std::unique_ptr<Handler>> handlers_;
    std::vector<std::unique_ptr<EndpointSpec>> endpoints_;
    std::unique_ptr<Server> server_;
};

struct Reply {
    int status = 0;
    std::string head;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
};

class Client {
  public:
    // `from`: the address that it speaks from, one of this machine's.
    explicit Client(std::uint16_t port, int receive_buffer = 0, const char* from = nullptr);
    struct Connected {
        int descriptor;
    };
    explicit Client(Connected connected) : descriptor_(connected.descriptor) {}
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void send(std::string_view bytes);
    bool try_send(std::string_view bytes);
    void shut_writing();
    // The next answer; nothing at the end of the stream, or after 5 s.
    std::optional<Reply> reply(bool head_only = false);
    // Everything up to the end of the stream.
    std::string rest();
    bool closed_within(std::chrono::milliseconds limit);
    // Exactly so many bytes, or fewer at the end of the stream.
    std::string bytes(std::size_t count);
    int descriptor() const { return descriptor_; }

    std::optional<Reply> get(std::string_view path, std::string_view more_headers = {});

    // WebSocket.
    Reply upgrade(std::string_view path, std::string_view more_headers = {});
    void frame(std::uint8_t first_byte, std::string_view payload);
    struct Message {
        std::uint8_t first_byte = 0;
        std::string payload = {};
        std::uint16_t close_code() const;
    };
    std::optional<Message> message();

  private:
    bool fill();

    int descriptor_;
    std::string buffer_;
};

std::string masked_frame(std::uint8_t first_byte, std::string_view payload);
// Polls until it is true; false after the limit.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds limit = std::chrono::seconds(5));

}  // namespace streamwall::http_server::testing
