// Host: the real kernel in a test, with a clock that the test moves.
//
//   streamwall::testing::Host host({.plugins = {HELLO_SO},
//                                   .settings = {{"hello", R"({"greeting":"Hi"})"}}});
//   host.fake("store", "get", [](const Call& call) { return Answer::ok(R"({"id":1})"); });
//   ASSERT_TRUE(host.start());
//   host.publish("chat.message_posted", "chat/1", R"({"user":"ada"})");
//   host.advance(5s);
//   EXPECT_EQ(host.events("hello.*").size(), 1u);
//   EXPECT_TRUE(host.complaints().empty());
//
// Plugins are loaded from their .so files, checked as everywhere, and run by the same code that
// `streamwall run` uses. With virtual time (the default) there is one thread: plugins run inside
// the calls below, in the same order every time, and a second passes when the test says so. Plugins
// with threads of their own (`loop: own`, databases, listeners) need Time::real, where all of them
// run as in production and eventually() waits for what they do.
//
// JSON goes in and out as text. In real time any thread may use a running Host; virtual time has
// one.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::testing {

// What a call, a step or a switch came to. `code` is an sw_status of <streamwall/base.h>, 0 is
// success; `details` is JSON text or empty.
struct Answer {
    int code = 0;
    std::string body;  // of a service: JSON text
    std::string message;
    std::string where;
    std::string details;
    std::chrono::milliseconds delay{0};  // of a fake: answered that much later

    static Answer ok(std::string body = "{}") {
        Answer out;
        out.body = std::move(body);
        return out;
    }
    static Answer error(int code, std::string message, std::string details = {}) {
        Answer out;
        out.code = code;
        out.message = std::move(message);
        out.details = std::move(details);
        return out;
    }
    // A provider that hangs: the caller hears nothing before its deadline.
    static Answer never() { return ok().after(std::chrono::hours(24 * 365)); }
    Answer after(std::chrono::milliseconds given) && {
        delay = given;
        return std::move(*this);
    }
    explicit operator bool() const { return code == 0; }
};

// Who asks, as plugins see it in the context.
struct Principal {
    std::string type = "user";
    std::string id = "1";
    std::string name = "tester";
    std::string role = "admin";
};

// A request that a fake service got.
struct Call {
    std::string service;
    std::string method;
    std::string body;
    std::string caller;  // instance@node
    Principal principal;
};

// An event as it went over the bus; `data` and `envelope` are JSON text.
struct Event {
    std::string id;
    std::string type;
    std::string subject;
    std::string producer;        // instance@node
    std::uint64_t sequence = 0;  // 0 where not durable
    std::string data;
    std::string envelope;
};

struct LogLine {
    std::string level;
    std::string event;
    std::string plugin;
    std::string message;
    std::string text;  // the whole line, a JSON object
};

struct PluginState {
    std::string state;   // waiting, running, disabled, failed, stuck, …
    std::string reason;  // what it waits for, why it failed
    std::string health;  // ok, degraded, down
    std::string health_reason;
    std::uint64_t restarts = 0;
};

// What may pile up in the process; equal before and after means that nothing leaked.
struct Resources {
    std::int64_t buffers = 0;
    std::size_t descriptors = 0;
    std::size_t threads = 0;
    std::size_t resident_kib = 0;
};

enum class Time { virtual_, real };

struct Options {
    std::vector<std::filesystem::path> plugins = {};   // .so files; each runs as one instance
    std::map<std::string, std::string> settings = {};  // instance → JSON object, ${data} filled in
    std::set<std::string> required = {};               // whose failure fails start()
    std::map<std::string, std::string> sha256 = {};    // instance → pinned content, lower-case hex
    std::filesystem::path data_dir = {};               // empty: a temporary one, removed at the end
    // `streamwall`, which then tries each plugin in a process of its own before it is loaded here.
    std::filesystem::path program = {};
    Time time = Time::virtual_;
    std::chrono::milliseconds start_timeout{30'000};
    std::chrono::milliseconds stop_timeout{5'000};
};

class __attribute__((visibility("default"))) Host {
  public:
    using Fake = std::function<Answer(const Call&)>;

    explicit Host(Options options);
    ~Host();  // stops
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // A method that plugins find in the place of a neighbour's. Given before start(); given again
    // at any time it replaces the old one. Runs on the kernel's threads. Where neither a fake nor a
    // plugin offers the service `journal`, the host keeps one in memory.
    void fake(std::string service, std::string method, Fake answer);

    // As Node: starts everything by its needs; an error where a required plugin failed. After
    // stop() it starts again from new.
    Answer start();
    // False where a plugin was stuck. Interrupts a start() of another thread, which then fails.
    bool stop();
    Answer disable(const std::string& plugin);
    Answer enable(const std::string& plugin);
    Answer restart(const std::string& plugin);

    // Publishes as a neighbour would: through the journal where a loaded plugin declares the type
    // durable. Data that breaks the schema of a loaded plugin is refused.
    Answer publish(const std::string& type, const std::string& subject, const std::string& data);
    Answer call(const std::string& service, const std::string& method, const std::string& body,
                const Principal& principal = {},
                std::chrono::milliseconds timeout = std::chrono::seconds(5));

    // Virtual time: runs what is due, step by step, until that much time has passed.
    void advance(std::chrono::milliseconds by);
    // Until `holds` does, at most `limit` of the host's time. False where it never did.
    bool eventually(const std::function<bool()>& holds,
                    std::chrono::milliseconds limit = std::chrono::seconds(10));

    // Everything recorded since the start of the host, or forget().
    std::vector<Event> events(const std::string& pattern = ">") const;
    std::vector<LogLine> logs(const std::string& plugin = {}) const;
    void forget();

    // What a well-behaved plugin never causes: broken rules of the boundary, things left behind at
    // stop, steps that overran.
    std::vector<std::string> complaints() const;

    PluginState state(const std::string& plugin) const;
    // As sw_introspect_api: health, plugins, services, metrics, …; empty for other names.
    std::string document(std::string_view what) const;
    const std::filesystem::path& data_dir() const;
    static Resources resources();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace streamwall::testing
