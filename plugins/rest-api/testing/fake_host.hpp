// A host and a listener in one object for tests of routes: services answer what the test says,
// requests are made by a function call, answers are kept.
#pragma once

#include <streamwall/sdk/http.hpp>
#include <streamwall/sdk/services.hpp>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace streamwall::rest_api::testing {

struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers;
    std::string body;
    // Of an answer in parts, which are joined in `body`.
    int parts = 0;
    bool is_whole = false;   // the last part has come
    bool is_broken = false;  // it was broken off
    void (*more)(void* arg, sw_http_exchange* exchange) = nullptr;
    void* more_arg = nullptr;
    // Of a request whose body is read in pieces.
    std::string_view unread;
    std::size_t piece = 0;
};

class FakeHost {
  public:
    // Serves a call of a service's method: `service_answer(method, request)`.
    using Service = std::function<Result<Buffer>(std::string_view, std::string_view)>;

    FakeHost();
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    const sw_host_api* api() const { return &api_; }
    void serve(Service service) { service_ = std::move(service); }
    // Calls are answered later, by answer_calls(), instead of inside the call.
    void defer_calls(bool defers) { defers_ = defers; }
    void answer_calls();

    // Makes the listener appear to who watches for it.
    void bring_listener();

    using Headers = std::vector<std::pair<std::string, std::string>>;
    // Finds the route by method and template; the answer stays empty (status 0) until it is given.
    const Answer& request(std::string_view method, std::string_view path_template,
                          std::vector<std::string> parameters = {}, std::string_view query = {},
                          std::string_view body = {}, const Headers& headers = {});
    std::string principal_id = "1";  // of who makes requests
    std::string role = {};
    std::string peer;                         // where they come from
    bool is_secure = false;                   // whether over TLS
    std::size_t body_piece = 1 << 16;         // how much of a body comes at once
    std::int64_t now_ms = 1'700'000'000'000;  // wall clock

    const Answer& last_answer() const { return answers_.back(); }

    struct Mounted {
        std::string method, path, scope, openapi;
        int access = 0;
        std::uint32_t flags = 0;
        void (*handle)(void*, const sw_http_request*, sw_http_exchange*) = nullptr;
        void* ctx = nullptr;
    };
    const std::vector<Mounted>& mounted() const { return mounted_; }
    // Event names, in order.
    const std::vector<std::string>& logged() const { return logged_; }
    std::string last_call() const { return last_call_; }
    // Sum of what was recorded in counters, by labels joined with spaces.
    const std::map<std::string, double>& counted() const { return counted_; }

  private:
    struct Tables;
    static FakeHost* of(sw_host* host) { return reinterpret_cast<FakeHost*>(host); }

    sw_host_api api_{};
    Service service_;
    bool defers_ = false;
    std::vector<std::function<void()>> pending_;
    std::deque<std::string> methods_;
    std::vector<Mounted> mounted_;
    std::deque<Answer> answers_;
    std::map<std::string, double> counted_;
    std::string last_call_;
    std::vector<std::string> logged_;
    void (*available_)(void*, const void*, void*, sw_lease*) = nullptr;
    void* watcher_ = nullptr;
};

}  // namespace streamwall::rest_api::testing
