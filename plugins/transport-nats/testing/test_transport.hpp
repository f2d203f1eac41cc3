// For this folder's tests: a transport that remembers what it tells, and callbacks that can be
// waited for.
#pragma once

#include "table.hpp"
#include "transport.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::transport_nats::testing {

inline constexpr std::chrono::seconds kPatience{20};

// Options for a server of the test; times are short.
Options options_for(const std::string& url);

// What several threads add to and one waits for.
template <class T>
class Recorded {
  public:
    void add(T item) {
        const std::lock_guard lock(mutex_);
        items_.push_back(std::move(item));
        changed_.notify_all();
    }
    std::vector<T> all() const {
        const std::lock_guard lock(mutex_);
        return items_;
    }
    // Until `holds(items)`; false where it never did.
    bool wait(const std::function<bool(const std::vector<T>&)>& holds,
              std::chrono::milliseconds limit = kPatience) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, limit, [&] { return holds(items_); });
    }
    bool wait_for_count(std::size_t count, std::chrono::milliseconds limit = kPatience) {
        return wait([count](const auto& items) { return items.size() >= count; }, limit);
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<T> items_;
};

struct Message {
    std::string subject, reply, body;
    bool operator==(const Message&) const = default;
};

struct State {
    bool connected;
    std::string reason;
};

struct Reply {
    sw_status status = SW_UNKNOWN;
    std::string body, message;
};

// A transport seen through its C table. Destroying it stops it.
class TestTransport : private TransportObserver {
  public:
    explicit TestTransport(Options options);
    explicit TestTransport(const std::string& url) : TestTransport(options_for(url)) {}
    ~TestTransport();

    bool wait_until_connected(std::chrono::milliseconds limit = kPatience);
    bool wait_until_disconnected(std::chrono::milliseconds limit = kPatience);
    // Until it was not connected for a reason that holds `text`; else the failure names all
    // reasons.
    ::testing::AssertionResult wait_for_loss(const std::string& text,
                                             std::chrono::milliseconds limit = kPatience);
    bool is_connected() const;

    sw_status publish(const std::string& subject, const std::string& body,
                      const std::string& reply = {});
    // What it gets is in the result, which lives as long as the subscription.
    struct Inbound : Recorded<Message> {
        std::uint64_t id = 0;
        std::function<void(const sw_message&)> handle;
    };
    Inbound& subscribe(const std::string& pattern, const std::string& group = {},
                       std::function<void(const sw_message&)> handle = {});
    void unsubscribe(const Inbound& inbound);
    // Answers each message on `pattern` with `prefix` and its body.
    Inbound& serve(const std::string& pattern, const std::string& prefix,
                   const std::string& group = {});
    // Nothing was sent where status is an error at once; `message` has its text.
    Reply request(const std::string& subject, const std::string& body,
                  std::chrono::milliseconds timeout = std::chrono::seconds(5));
    // On return the server knows all subscriptions so far.
    void settle();
    void stop();

    const sw_transport_api& table() const { return *transport_table(); }
    Transport* self() { return transport_.get(); }
    Recorded<State> states;
    Recorded<std::string> problems;

  private:
    void on_connected(const std::string& server) override;
    void on_disconnected(const std::string& reason, std::chrono::milliseconds retry_in) override;
    void on_problem(std::string_view what) override;
    void on_stopped() override;

    Recorded<std::string> losses_;
    Recorded<bool> stopped_;
    std::vector<std::unique_ptr<Inbound>> inbounds_;
    std::unique_ptr<Transport> transport_;
};

}  // namespace streamwall::transport_nats::testing
