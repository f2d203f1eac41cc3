// Who is behind a subscription or a watch: each a callback of the host's with its gate.
#pragma once

#include "connection.hpp"
#include "gate.hpp"
#include "poller.hpp"
#include "requests.hpp"
#include "transport.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <string>

namespace streamwall::transport_nats {

// A subscription of the host's; outlives connections.
class Transport::Subscription final : public Receiver {
  public:
    Subscription(std::string_view wanted, std::string_view group_name, sw_message_fn on_message,
                 void* ctx)
        : pattern(wanted), group(group_name), on_message_(on_message), ctx_(ctx) {}

    void receive(natsMsg* message) noexcept override;
    void end() { gate_.shut(); }

    const std::string pattern, group;
    SubscriptionHandle handle;  // on the present connection; under subscriptions_mutex_

  private:
    const sw_message_fn on_message_;
    void* const ctx_;
    CallbackGate gate_;
};

// Where answers to all requests of the process come in.
class Transport::Inbox final : public Receiver {
  public:
    explicit Inbox(std::shared_ptr<Requests> requests);

    void receive(natsMsg* message) noexcept override;
    void end() { gate_.shut(); }

    std::string pattern() const { return prefix_ + "*"; }
    std::string subject_of(std::uint64_t request) const {
        return prefix_ + std::to_string(request);
    }

    SubscriptionHandle handle;  // on the present connection; the keeper's

  private:
    std::string prefix_;
    const std::shared_ptr<Requests> requests_;
    CallbackGate gate_;
};

// Tells one watcher each state once, in order, on the poller's thread.
class Transport::Watcher {
  public:
    explicit Watcher(Poller& poller) : poller_(poller) {}

    void set(bool connected, std::string reason);  // [any]
    // Replaces the watcher; the one before is not called any more on return.
    void watch(sw_transport_state_fn on_state, void* ctx);  // [any]
    void tell();                                            // [the poller's thread]

  private:
    struct State {
        bool connected = false;
        std::string reason;
    };
    struct Target {
        sw_transport_state_fn on_state;
        void* ctx;
        CallbackGate gate;
    };
    Poller& poller_;
    std::mutex mutex_;
    State state_;
    std::deque<State> untold_;
    std::shared_ptr<Target> target_;
};

}  // namespace streamwall::transport_nats
