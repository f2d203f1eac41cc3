// Interfaces: C tables that plugins of one process offer each other, handed out as leases.
#pragma once

#include "exec/buffer.hpp"
#include "exec/strand.hpp"

#include <streamwall/host.h>

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::abi {

struct Watch {
    std::string id;
    std::string user;  // instance
    std::shared_ptr<exec::Strand> strand;
    void (*available)(void* ctx, const void* table, void* self, sw_lease* lease) = nullptr;
    void (*revoked)(void* ctx, sw_lease* lease) = nullptr;
    void* ctx = nullptr;
    bool ended = false;
};

}  // namespace streamwall::abi

struct sw_lease {
    std::string id;
    std::shared_ptr<streamwall::abi::Watch> watch;
    bool revoked = false;
    bool released = false;
};

namespace streamwall::abi {

// Thread-safe. Callbacks are posted to the user's strand, never run under the lock.
class Interfaces {
  public:
    Failure offer(const std::string& provider, std::string id, const void* table, void* self);
    // Revokes all leases; `done` runs (on any thread) once the last is released.
    void withdraw(const std::string& provider, const std::string& id, std::function<void()> done);
    // Everything that `provider` still offers.
    void withdraw_all(const std::string& provider, std::function<void()> done);
    // Users that keep `provider`'s interfaces in use.
    std::vector<std::string> users_of(const std::string& provider) const;

    void watch(std::shared_ptr<Watch> watch);
    void release(sw_lease* lease);
    // No callback of the user's watches begins any more; returns the leases it still holds.
    std::vector<std::string> end_watches(const std::string& user);
    // Forgets what a stopped user never released.
    void abandon(const std::string& user);

    struct Info {
        std::string id, provider;
        std::vector<std::string> users;
    };
    std::vector<Info> list() const;

  private:
    struct Offer {
        std::string provider;
        const void* table = nullptr;
        void* self = nullptr;
        bool withdrawn = false;
        std::function<void()> done;
        std::list<std::shared_ptr<sw_lease>> leases;
    };
    void grant(const std::string& id, Offer& offer, const std::shared_ptr<Watch>& watch);
    std::function<void()> finish_if_empty(const std::string& id);

    mutable std::mutex mutex_;
    std::map<std::string, Offer> offers_;
    std::vector<std::shared_ptr<Watch>> watches_;
};

}  // namespace streamwall::abi
