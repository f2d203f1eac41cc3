// Principals: who the connections are, each kept once however many connections it has.
#pragma once

#include <streamwall/sdk/context.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace streamwall::rooms {

// Thread-safe.
class Principals {
  public:
    // The principal of a request, without the request's own circumstances.
    std::shared_ptr<const Context> share(const sw_context& from) {
        std::string key;
        for (const auto& text : {from.principal_type, from.principal_id, from.principal_name,
                                 from.role, from.scopes}) {
            key.append(to_view(text)).push_back('\0');
        }
        const std::lock_guard lock(mutex_);
        auto& known = known_[key];
        if (auto shared = known.lock()) return shared;
        sw_context own{};
        own.size = sizeof own;
        own.principal_type = from.principal_type;
        own.principal_id = from.principal_id;
        own.principal_name = from.principal_name;
        own.role = from.role;
        own.scopes = from.scopes;
        auto made = std::make_shared<const Context>(own);
        known = made;
        if (known_.size() > next_sweep_) sweep();
        return made;
    }

  private:
    void sweep() {
        std::erase_if(known_, [](const auto& each) { return each.second.expired(); });
        next_sweep_ = 2 * known_.size() + kFew;
    }

    static constexpr std::size_t kFew = 64;
    std::mutex mutex_;
    std::unordered_map<std::string, std::weak_ptr<const Context>> known_;
    std::size_t next_sweep_ = kFew;
};

}  // namespace streamwall::rooms
