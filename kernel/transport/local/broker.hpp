// LocalBroker: joins a process with the children it supervises, and these with each other.
//
// It lives in the parent and is the parent's own transport too. Children have the other ends of its
// sockets (LocalClient). What one of them sends that is no frame ends that one's connection; what a
// child was to answer fails when it goes.
#pragma once

#include "transport/local/client.hpp"
#include "transport/local/subjects.hpp"

#include <set>

namespace streamwall::transport {

class LocalBroker final : public Transport {
  public:
    explicit LocalBroker(LocalLimits limits = {});
    ~LocalBroker() override;

    // A new client; the socket returned is for the child to inherit. `on_gone` runs once on the
    // broker's thread when the connection has ended, with a sentence. [any]
    using GoneFn = std::function<void(const std::string& reason)>;
    std::expected<Descriptor, Failure> add_client(GoneFn on_gone);
    std::size_t clients() const;
    // Messages that were dropped since a client did not read fast enough.
    std::uint64_t dropped() const { return dropped_; }

    Failure publish(std::string_view subject, std::string_view reply,
                    const BufferRef& body) override;
    Failure request(std::string_view subject, const BufferRef& body,
                    std::chrono::nanoseconds timeout, AnswerFn on_answer) override;
    std::expected<std::uint64_t, Failure> subscribe(std::string_view pattern,
                                                    std::string_view group,
                                                    MessageFn on_message) override;
    void unsubscribe(std::uint64_t id) override;
    void watch(StateFn on_state) override;

  private:
    static constexpr std::uint64_t kSelf = 0;  // this process, among clients
    struct Client {
        std::shared_ptr<WireLink> link;
        std::unordered_map<std::uint64_t, std::uint64_t> requests;  // its number → route
    };
    // A request under way.
    struct Route {
        std::uint64_t from, number;  // who asked, and by which number of its own
        std::uint64_t to;            // who is to answer
    };
    // Where one message goes. `link` is empty for this process.
    struct Target {
        std::shared_ptr<WireLink> link;
        std::uint64_t subscription = 0;
    };

    bool accept(std::uint64_t client, const WireFrame& frame, std::string& problem);
    bool accept_subscription(std::uint64_t client, const WireFrame& frame, std::string& problem);
    bool accept_request(std::uint64_t client, const WireFrame& frame, std::string& problem);
    void cancel(std::uint64_t client, std::uint64_t number);
    void forward(std::uint64_t from, std::string_view subject, std::string_view reply,
                 const BufferRef& body);
    WireLink::Sent deliver(const Target& target, std::string_view subject, std::string_view reply,
                           const BufferRef& body);
    void take_answer(std::uint64_t from, std::uint64_t route, const BufferRef& body);
    void answer(const Route& route, std::uint64_t id, const BufferRef& body,
                const Failure& failure);
    void forget(std::uint64_t route);
    void gone(std::uint64_t client, const std::string& reason);
    void expire(std::uint64_t now_ns);
    Target target_of(const Subscriber& subscriber) const;
    std::shared_ptr<WireLink> link_of(std::uint64_t client) const;

    const LocalLimits limits_;
    Waiting waiting_;  // this process's requests, by route
    std::atomic<std::uint64_t> dropped_{0};
    mutable std::mutex mutex_;
    SubjectTable subjects_;
    std::map<std::uint64_t, Client> clients_;
    std::unordered_map<std::uint64_t, Route> routes_;
    std::uint64_t next_client_ = 1;
    std::uint64_t next_route_ = 1;
    exec::Loop loop_;
    Callbacks callbacks_;
};

}  // namespace streamwall::transport
