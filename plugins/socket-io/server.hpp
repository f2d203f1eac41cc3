// Server: Engine.IO's endpoint, from the time a listener appears until it goes: its sessions, and
// the requests and WebSockets by which clients reach them.
#pragma once

#include "client.hpp"
#include "engine_codec.hpp"
#include "session.hpp"

#include <streamwall/sdk/http.hpp>
#include <streamwall/sdk/websocket.hpp>

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace streamwall::socket_io {

struct ServerOptions {
    SessionOptions session = {};
    std::size_t max_payload = 65'536;  // bytes that a client may send at once
    std::size_t max_sessions = 10'000;
    std::size_t max_strangers = 200;  // sessions of one address that are in no namespace yet
};

// All optional: a default Series records nothing.
struct ServerMetrics {
    Series sessions;  // gauge
    Series begun;     // counter
};

class Server : public std::enable_shared_from_this<Server> {
  public:
    // A WebSocket; none for whoever was turned away.
    struct User {
        std::shared_ptr<Client> client;
        bool is_offered;  // polling goes on until the client says otherwise
    };

    Server(const sw_http_table* table, SurroundingsPtr around, ServerOptions options,
           ServerMetrics metrics);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // The WebSocket endpoint at that path. [strand | lease held]
    Result<> mount(void* self, sw_lease* lease, std::string_view path);

    // Requests of polling: for packets and with packets. [the connection's loop]
    void get(const http::Request& request, http::Exchange exchange);
    void post(const http::Request& request, http::Exchange exchange);

    // The listener's callbacks. [the connection's loop]
    User* on_open(http::WsConnection connection, const http::Request& request,
                  std::string_view protocol);
    void on_message(http::WsConnection connection, User* user, std::string_view payload,
                    bool is_text);
    void on_close(http::WsConnection connection, User* user, int code) noexcept;
    const sw_http_table* table() const { return table_; }

    // Some times a second. [strand]
    void tick();
    // Ends the sessions of a principal whose credentials have changed. [any]
    void forget(std::string_view type, std::string_view id);
    // Ends all sessions, whose clients come back by themselves, and takes no new ones. Idempotent.
    // [strand]
    void shut_down();
    std::size_t sessions() const;
    rooms::Rooms& rooms() { return *around_->rooms; }

  private:
    struct Place {
        std::shared_ptr<Client> client;
        std::string peer;
        bool is_stranger = true;
    };
    static constexpr std::size_t kRemembered = 1'000;

    // Null where no more are taken; then `why` says it.
    std::shared_ptr<Client> begin(const http::Request& request, std::string_view& why);
    std::shared_ptr<Client> find(std::string_view session) const;
    // Why a session has ended, where that is known still.
    std::string find_end(std::string_view session) const;
    void finish(const std::string& session, const std::string& reason);
    void forget_stranger(Place& place);
    std::vector<std::shared_ptr<Client>> all() const;

    const sw_http_table* const table_;
    const SurroundingsPtr around_;
    const ServerOptions options_;
    const ServerMetrics metrics_;

    mutable std::mutex mutex_;
    bool is_stopping_ = false;
    std::unordered_map<std::string, Place> places_;              // by session
    std::map<std::string, std::size_t, std::less<>> strangers_;  // by address
    std::deque<std::pair<std::string, std::string>> ended_;      // sessions and reasons
};

}  // namespace streamwall::socket_io
