// Orders: operators' orders to instances, one at a time for each, in the order in which they came.
#pragma once

#include <functional>
#include <list>
#include <set>
#include <string>
#include <utility>

namespace streamwall::runtime {

// All functions on one strand.
class Orders {
  public:
    using Done = std::function<void()>;
    using Work = std::function<void(Done done)>;

    // Runs `work` once nothing else concerns `instance`; an empty name concerns every instance.
    // `refused` runs instead where the orders were closed meanwhile.
    void give(std::string instance, Work work, std::function<void()> refused) {
        if (closed_) return refused();
        waiting_.push_back({std::move(instance), std::move(work), std::move(refused)});
        go_on();
    }

    bool concerns(const std::string& instance) const {
        return running_.contains(instance) || running_.contains("");
    }

    // Refuses what waits and what comes; `then` runs once nothing is under way.
    void close(std::function<void()> then) {
        closed_ = true;
        on_idle_ = std::move(then);
        for (auto& order : std::exchange(waiting_, {}))
            order.refused();
        end_if_idle();
    }

  private:
    struct Order {
        std::string instance;
        Work work;
        std::function<void()> refused;
    };

    bool may_run(const std::string& instance, const std::set<std::string>& ahead) const {
        if (instance.empty()) return running_.empty() && ahead.empty();
        return !concerns(instance) && !ahead.contains(instance) && !ahead.contains("");
    }

    void go_on() {
        std::set<std::string> ahead;
        for (auto at = waiting_.begin(); at != waiting_.end();) {
            if (!may_run(at->instance, ahead)) {
                ahead.insert(at->instance);
                ++at;
                continue;
            }
            std::list<Order> taken;
            taken.splice(taken.end(), waiting_, at);
            start(taken.front());
            // What ran at once may have changed everything.
            ahead.clear();
            at = waiting_.begin();
        }
    }

    void start(const Order& order) {
        running_.insert(order.instance);
        order.work([this, instance = order.instance] {
            running_.erase(instance);
            if (!closed_) go_on();
            end_if_idle();
        });
    }

    void end_if_idle() {
        if (!closed_ || !running_.empty()) return;
        if (const auto then = std::exchange(on_idle_, nullptr)) then();
    }

    std::list<Order> waiting_;
    std::set<std::string> running_;
    std::function<void()> on_idle_;
    bool closed_ = false;
};

}  // namespace streamwall::runtime
