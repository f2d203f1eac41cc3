// MemoryHub: transports that join several nodes inside one process, for tests.
//
// Messages of one publisher on one subject keep their order; all else may be delayed, reordered or
// lost at random, repeatably for one seed and a virtual clock. The hub is like a broker: a request
// that nobody subscribes to is refused at once, one towards a subscriber that is cut off is lost.
#pragma once

#include "exec/strand.hpp"
#include "exec/timers.hpp"
#include "transport/transport.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>

namespace streamwall::transport {

struct MemoryHubOptions {
    std::uint64_t seed = 1;
    std::chrono::microseconds min_delay{0}, max_delay{0};
    double loss = 0;  // share of messages, requests and answers that vanish
};

// Thread-safe. Callbacks of one member run one at a time, on the pool.
class MemoryHub final : public std::enable_shared_from_this<MemoryHub> {
  public:
    // Timers, clock and pool must outlive the hub and every transport that joined it.
    static std::shared_ptr<MemoryHub> make(exec::Timers& timers, const exec::Clock& clock,
                                           exec::Executor& pool, MemoryHubOptions options = {});

    std::shared_ptr<Transport> join(const std::string& name);

    // From now on everything from one member to another vanishes without a trace; or no more.
    void block(const std::string& from, const std::string& to, bool blocked = true);
    void partition(const std::string& one, const std::string& other, bool blocked = true);
    void set_loss(double loss);
    // The member sees that its connection is gone; its subscriptions outlive that.
    void disconnect(const std::string& name, const std::string& reason);
    void connect(const std::string& name);

    struct Counts {
        std::uint64_t messages = 0, lost = 0, bytes = 0;
    };
    Counts counts() const;

  private:
    friend class MemoryTransport;
    struct Subscription;
    struct Watcher;
    struct Delivery;
    struct Request;
    struct Member;
    using MemberPtr = std::shared_ptr<Member>;

    MemoryHub(exec::Timers& timers, const exec::Clock& clock, exec::Executor& pool,
              MemoryHubOptions options);

    Failure publish(const MemberPtr& from, std::string_view subject, std::string_view reply,
                    const BufferRef& body);
    Failure request(const MemberPtr& from, std::string_view subject, const BufferRef& body,
                    std::chrono::nanoseconds timeout, AnswerFn on_answer);
    std::uint64_t subscribe(const MemberPtr& member, std::string_view pattern,
                            std::string_view group, MessageFn on_message);
    void unsubscribe(const MemberPtr& member, std::uint64_t id);
    void watch(const MemberPtr& member, StateFn on_state);
    void leave(const MemberPtr& member);

    // With the lock held.
    Failure check(const Member& from, std::string_view subject, const BufferRef& body) const;
    std::size_t route(const MemberPtr& from, std::string_view subject, std::string_view reply,
                      const BufferRef& body);
    void send(const MemberPtr& from, const MemberPtr& to, Delivery delivery);
    void set_connected(const std::string& name, bool connected, const std::string& reason);

    void drain(const MemberPtr& member);
    void answer(const MemberPtr& member, std::uint64_t request, BufferRef body, Failure failure);
    static void tell(const MemberPtr& member, const std::shared_ptr<Watcher>& watcher,
                     bool connected, const std::string& reason);

    exec::Timers& timers_;
    const exec::Clock& clock_;
    exec::Executor& pool_;
    MemoryHubOptions options_;
    mutable std::mutex mutex_;
    std::mt19937_64 random_;
    std::map<std::string, MemberPtr> members_;
    std::set<std::pair<std::string, std::string>> blocked_;
    std::uint64_t next_id_ = 1;
    Counts counts_;
};

}  // namespace streamwall::transport
