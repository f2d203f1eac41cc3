// Offers, watches and the leases between them.
#include "abi/interfaces.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace streamwall::abi {

Failure Interfaces::offer(const std::string& provider, std::string id, const void* table,
                          void* self) {
    std::lock_guard lock(mutex_);
    if (const auto known = offers_.find(id); known != offers_.end()) {
        return Failure::of(SW_ALREADY_EXISTS,
                           fmt::format("{} is offered by {}", id, known->second.provider));
    }
    auto& made = offers_[id];
    made.provider = provider;
    made.table = table;
    made.self = self;
    for (const auto& watch : watches_) {
        if (watch->id == id) grant(id, made, watch);
    }
    return {};
}

void Interfaces::grant(const std::string& id, Offer& offer, const std::shared_ptr<Watch>& watch) {
    auto lease = std::make_shared<sw_lease>(sw_lease{id, watch});
    offer.leases.push_back(lease);
    watch->strand->post_function([this, lease, watch, table = offer.table, self = offer.self] {
        bool gone = false;
        {
            std::lock_guard lock(mutex_);
            gone = watch->ended || lease->revoked;
        }
        if (gone) return release(lease.get());
        watch->available(watch->ctx, table, self, lease.get());
    });
}

void Interfaces::watch(std::shared_ptr<Watch> watch) {
    std::lock_guard lock(mutex_);
    watches_.push_back(watch);
    const auto known = offers_.find(watch->id);
    if (known != offers_.end() && !known->second.withdrawn) grant(watch->id, known->second, watch);
}

void Interfaces::withdraw(const std::string& provider, const std::string& id,
                          std::function<void()> done) {
    std::function<void()> finished;
    {
        std::lock_guard lock(mutex_);
        const auto known = offers_.find(id);
        if (known == offers_.end() || known->second.provider != provider ||
            known->second.withdrawn) {
            finished = std::move(done);
        } else {
            auto& offer = known->second;
            offer.withdrawn = true;
            offer.done = std::move(done);
            for (const auto& lease : offer.leases) {
                lease->watch->strand->post(exec::Task::of([this, lease] {
                    bool over = false;
                    {
                        std::lock_guard inner(mutex_);
                        // `available` may not have run yet: it will see this and release.
                        lease->revoked = true;
                        over = lease->released;
                    }
                    const auto& watch = lease->watch;
                    if (over) return;
                    if (watch->revoked == nullptr)
                        release(lease.get());
                    else if (!watch->ended)  // who stops releases by itself
                        watch->revoked(watch->ctx, lease.get());
                }));
            }
            finished = finish_if_empty(id);
        }
    }
    if (finished) finished();
}

// With the lock held; what it returns is to be called without.
std::function<void()> Interfaces::finish_if_empty(const std::string& id) {
    const auto known = offers_.find(id);
    if (known == offers_.end() || !known->second.withdrawn || !known->second.leases.empty())
        return {};
    auto done = std::move(known->second.done);
    offers_.erase(known);
    return done;
}

void Interfaces::release(sw_lease* lease) {
    std::function<void()> finished;
    {
        std::lock_guard lock(mutex_);
        for (auto& [id, offer] : offers_) {
            const auto found = std::ranges::find_if(
                offer.leases, [&](const auto& held) { return held.get() == lease; });
            if (found == offer.leases.end()) continue;
            (*found)->released = true;
            offer.leases.erase(found);
            finished = finish_if_empty(id);
            break;
        }
    }
    if (finished) finished();
}

void Interfaces::withdraw_all(const std::string& provider, std::function<void()> done) {
    std::vector<std::string> ids;
    {
        std::lock_guard lock(mutex_);
        for (const auto& [id, offer] : offers_) {
            if (offer.provider == provider && !offer.withdrawn) ids.push_back(id);
        }
    }
    if (ids.empty()) return done();
    auto left = std::make_shared<std::atomic<std::size_t>>(ids.size());
    for (const auto& id : ids) {
        withdraw(provider, id, [left, done] {
            if (left->fetch_sub(1) == 1) done();
        });
    }
}

std::vector<std::string> Interfaces::users_of(const std::string& provider) const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [id, offer] : offers_) {
        if (offer.provider != provider) continue;
        for (const auto& lease : offer.leases)
            out.push_back(lease->watch->user);
    }
    return out;
}

std::vector<std::string> Interfaces::end_watches(const std::string& user) {
    std::lock_guard lock(mutex_);
    std::erase_if(watches_, [&](const auto& watch) {
        if (watch->user == user) watch->ended = true;
        return watch->user == user;
    });
    std::vector<std::string> held;
    for (const auto& [id, offer] : offers_) {
        for (const auto& lease : offer.leases) {
            if (lease->watch->user == user) held.push_back(id);
        }
    }
    return held;
}

void Interfaces::abandon(const std::string& user) {
    std::vector<std::function<void()>> finished;
    {
        std::lock_guard lock(mutex_);
        std::vector<std::string> ids;
        for (auto& [id, offer] : offers_) {
            std::erase_if(offer.leases,
                          [&](const auto& lease) { return lease->watch->user == user; });
            ids.push_back(id);
        }
        for (const auto& id : ids)
            finished.push_back(finish_if_empty(id));
    }
    for (const auto& done : finished) {
        if (done) done();
    }
}

std::vector<Interfaces::Info> Interfaces::list() const {
    std::lock_guard lock(mutex_);
    std::vector<Info> out;
    for (const auto& [id, offer] : offers_) {
        Info info{id, offer.provider, {}};
        for (const auto& lease : offer.leases)
            info.users.push_back(lease->watch->user);
        out.push_back(std::move(info));
    }
    return out;
}

}  // namespace streamwall::abi
