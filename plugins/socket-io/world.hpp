// What the tests run clients in: a listener without sockets, a strand that runs when it is told to,
// tokens, and a plugin with rooms that the test answers for.
#pragma once

#include "server.hpp"

#include <boost/json.hpp>

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct sw_ws_connection {
    std::vector<std::string> sent;
    int close_code = 0;  // once asked to close
    std::string close_reason;
    int references = 1;
    void* user = nullptr;
    bool is_gone = false;
};

struct sw_http_exchange {
    int status = 0;  // 0: not answered yet
    std::string body;
};

namespace streamwall::socket_io {

// A call to a plugin with rooms.
struct Asked {
    std::string channel;
    std::string method;
    boost::json::object request;
    std::string user;  // in whose name
    std::function<void(Result<Buffer>)> done;
};

class World {
  public:
    explicit World(ServerOptions options = {});
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // ---- What clients do. `user` is whom the listener knows the request to be of.
    sw_http_exchange* get(std::string_view query, std::string_view user = {},
                          std::string_view method = "GET", std::string_view peer = "10.0.0.1");
    sw_http_exchange* post(std::string_view query, std::string_view body);
    sw_ws_connection* open(std::string_view query, std::string_view user = {});
    void say(sw_ws_connection* connection, std::string_view text, bool is_text = true);
    void close(sw_ws_connection* connection);
    // A session that polls; its id.
    std::string begin(std::string_view user = {});
    // That session is in the namespace /games, in the room `a`.
    void connected(const std::string& session);
    // What was sent since it was looked at last.
    std::vector<std::string> news(sw_ws_connection* connection);

    // ---- What the host does.
    void run();  // what was posted to the strand
    // Time goes on in steps of 100 ms.
    void pass(std::chrono::milliseconds time);
    // The oldest call that was not looked at; the test fails where there is none.
    Asked take();
    static void admit(const Asked& call, std::string_view rooms = R"(["a"])",
                      std::string_view messages = "[]", std::string_view owner = "one");
    // The plugin sends a message, numbered by itself.
    void broadcast(std::string_view message, std::string_view to = R"("room":"a")");
    http::WsConnection wrap(sw_ws_connection* connection) { return {&table_, connection}; }
    http::Exchange exchange(sw_http_exchange*& made);

    std::map<std::string, std::string> users = {{"good", "7"}};  // by token
    bool knows_tokens = true;
    std::deque<Asked> asked;
    Time now{std::chrono::seconds(1'000)};
    std::deque<std::function<void()>> posted;
    std::shared_ptr<Server> server;

  private:
    sw_http_exchange* request(std::string_view method, std::string_view query,
                              std::string_view body, std::string_view user, std::string_view peer);

    sw_http_table table_{};
    std::list<sw_ws_connection> connections_;
    std::list<sw_http_exchange> exchanges_;
    std::map<sw_ws_connection*, std::size_t> read_;
    int position_ = 0;
};

}  // namespace streamwall::socket_io
