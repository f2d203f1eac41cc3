// SharedOwners: which of several instances of one name owns a subscription with `deliver: shared`.
//
// The first to ask owns it; the others stand by in the order in which they asked. Within one
// process; leases between processes are the transport's matter.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>

namespace streamwall::abi {

// Thread-safe. Callbacks run outside of the lock, on the thread that gave the ownership up.
class SharedOwners {
  public:
    // `own` runs once `who` is the owner, at once where nobody is.
    void ask(const std::string& name, const void* who, std::function<void()> own) {
        {
            std::lock_guard lock(mutex_);
            auto& line = lines_[name];
            line.push_back({who, own});
            if (line.size() > 1) return;
        }
        own();
    }
    // The owner gives up, or one who stands by leaves.
    void leave(const std::string& name, const void* who) {
        std::function<void()> next;
        {
            std::lock_guard lock(mutex_);
            const auto known = lines_.find(name);
            if (known == lines_.end()) return;
            auto& line = known->second;
            const bool owned = !line.empty() && line.front().who == who;
            line.remove_if([&](const Waiting& waiting) { return waiting.who == who; });
            if (owned && !line.empty()) next = line.front().own;
            if (line.empty()) lines_.erase(known);
        }
        if (next) next();
    }

  private:
    struct Waiting {
        const void* who;
        std::function<void()> own;
    };
    std::mutex mutex_;
    std::map<std::string, std::list<Waiting>> lines_;
};

}  // namespace streamwall::abi
