// What the two ends of the local transport share: who is called back, and who waits for an answer.
#pragma once

#include "exec/loop.hpp"
#include "transport/transport.hpp"

#include <condition_variable>
#include <map>
#include <unordered_map>

namespace streamwall::transport {

// Subscriptions and the watcher of one end. Calls run on the loop's thread; whoever removes one
// waits for the call that is running.
class Callbacks {
  public:
    explicit Callbacks(exec::Loop& loop) : loop_(loop) {}

    std::uint64_t add(MessageFn on_message);                 // an id, never 0 [any]
    void remove(std::uint64_t id);                           // [any]
    void deliver(std::uint64_t id, const Message& message);  // unknown ids are ignored [loop]

    void watch(StateFn on_state);  // empty: ends it [any]
    // Tells the watcher, also of the state that stands; [any]
    void set_state(bool connected, std::string reason);

  private:
    void tell();
    void wait_for_end_of(std::unique_lock<std::mutex>& lock, std::uint64_t id);
    void run(std::unique_lock<std::mutex>& lock, std::uint64_t id,
             const std::function<void()>& call);

    static constexpr std::uint64_t kWatcher = ~std::uint64_t{0};

    exec::Loop& loop_;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::unordered_map<std::uint64_t, std::shared_ptr<MessageFn>> messages_;
    std::shared_ptr<StateFn> watcher_;
    std::uint64_t next_id_ = 1;
    std::uint64_t running_ = 0;  // what the loop's thread calls at present
    bool connected_ = true;
    std::string reason_;
};

// Requests without an answer yet, by number. Thread-safe.
class Waiting {
  public:
    // `number` must be new; with kMaxWaiting of them it is refused.
    bool add(std::uint64_t number, std::uint64_t deadline_ns, AnswerFn on_answer);
    AnswerFn take(std::uint64_t number);  // empty where there is none (any more)
    // Numbers whose time has come, and when the next comes: 0 where none is left.
    struct Due {
        std::vector<std::uint64_t> numbers;
        std::uint64_t next_ns = 0;
    };
    Due due(std::uint64_t now_ns) const;
    std::vector<AnswerFn> take_all();

  private:
    struct One {
        AnswerFn on_answer;
        std::multimap<std::uint64_t, std::uint64_t>::iterator deadline;
    };
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, One> waiting_;
    std::multimap<std::uint64_t, std::uint64_t> deadlines_;  // → number
};

constexpr std::size_t kMaxWaiting = 65'536;

// What a message must satisfy to be sent; OK where it does.
Failure check_message(std::string_view subject, std::string_view reply, const BufferRef& body);
// When a request that may take that long ends.
std::uint64_t deadline_after(std::chrono::nanoseconds timeout);

}  // namespace streamwall::transport
