// Retries: a call that fails in passing is made again, each time after a longer wait.
//
//   Retries retries_{host()};                       // a member: its end ends all waits
//   retries_.run<Buffer>(policy,
//       [this](auto done) { fetch(std::move(done)); },         // one try
//       [this](Result<Buffer> page) { ... });                  // the first success or last error
//
// Only for work that may be done twice: reads, and writes with a key that makes repeats harmless.
// Errors that another try cannot mend (INVALID_ARGUMENT, NOT_FOUND, …) end it at once. For serial
// plugins: everything runs on the strand.
#pragma once

#include <streamwall/sdk/host.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

namespace streamwall {

struct RetryPolicy {
    int tries = 3;  // the first one included
    std::chrono::milliseconds first_wait{1000};
    std::chrono::milliseconds longest_wait{30'000};  // each wait is twice the one before
    double jitter = 0.2;  // 0…1: the share of a wait that is left to chance
};

// Whether the same call may succeed a little later.
inline bool is_passing(const Error& error) {
    switch (error.code) {
        case SW_UNAVAILABLE:
        case SW_DEADLINE_EXCEEDED:
        case SW_RESOURCE_EXHAUSTED:
        case SW_ABORTED:
            return true;
        default:
            return false;
    }
}

class Retries {
  public:
    explicit Retries(const Host& host) : host_(host) {}
    Retries(const Retries&) = delete;
    Retries& operator=(const Retries&) = delete;

    // `attempt(finish)` makes one try and calls `finish(Result<T>)` once, on the strand. `done`
    // gets the outcome, unless this object ends before. `attempt` must not outlive what it refers
    // to.
    template <class T, class Attempt, class Done>
    void run(RetryPolicy policy, Attempt attempt, Done done) {
        const auto id = next_id_++;
        auto work = std::make_shared<Work<T>>(policy, std::move(attempt), std::move(done));
        works_.emplace(id, work);
        begin(id, *work);
    }

    // Ends all waits with CANCELLED; tries under way end as they do.
    void cancel() {
        std::vector<std::shared_ptr<Waiting>> ended;
        for (auto& [id, work] : works_) {
            if (work->waits) ended.push_back(work);
        }
        std::erase_if(works_, [](const auto& entry) { return entry.second->waits; });
        for (const auto& work : ended)
            work->fail({SW_CANCELLED, "cancelled while waiting for another try", {}, {}});
    }

    std::size_t under_way() const { return works_.size(); }

  private:
    struct Waiting {
        virtual ~Waiting() = default;
        virtual void fail(Error error) = 0;
        bool waits = false;
        Timer timer;
    };
    template <class T>
    struct Work final : Waiting {
        Work(RetryPolicy given, std::function<void(std::function<void(Result<T>)>)> one_try,
             std::function<void(Result<T>)> finish)
            : policy(given), attempt(std::move(one_try)), done(std::move(finish)) {}
        void fail(Error error) override { done(std::move(error)); }

        RetryPolicy policy;
        std::function<void(std::function<void(Result<T>)>)> attempt;
        std::function<void(Result<T>)> done;
        int made = 0;
    };

    template <class T>
    void begin(std::uint64_t id, Work<T>& work) {
        ++work.made;
        work.attempt([this, alive = std::weak_ptr<char>(alive_), id](Result<T> result) {
            if (!alive.expired()) ended<T>(id, std::move(result));
        });
    }

    template <class T>
    void ended(std::uint64_t id, Result<T> result) {
        const auto found = works_.find(id);
        if (found == works_.end()) return;
        const auto work = std::static_pointer_cast<Work<T>>(found->second);
        if (result || !is_passing(result.error()) || work->made >= work->policy.tries) {
            works_.erase(found);
            return work->done(std::move(result));
        }
        work->waits = true;
        work->timer = host_.after(wait(work->policy, work->made), [this, id, raw = work.get()] {
            raw->waits = false;
            begin<T>(id, *raw);
        });
    }

    std::chrono::milliseconds wait(const RetryPolicy& policy, int made) {
        const auto doubled = policy.first_wait * (std::int64_t{1} << std::min(made - 1, 20));
        const auto longest = std::min<std::chrono::milliseconds>(doubled, policy.longest_wait);
        std::uniform_real_distribution<double> share(1 - policy.jitter, 1);
        return std::chrono::milliseconds(
            static_cast<std::int64_t>(static_cast<double>(longest.count()) * share(random_)));
    }

    Host host_;
    std::map<std::uint64_t, std::shared_ptr<Waiting>> works_;
    std::uint64_t next_id_ = 1;
    std::minstd_rand random_{std::random_device{}()};
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace streamwall
