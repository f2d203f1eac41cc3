// Routing: the present routes as a table that calls and events read without waiting for anybody.
#pragma once

#include "transport/mesh/mesh.hpp"
#include "transport/mesh/subjects.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace streamwall::transport {

// One transport in use. Callbacks on it may hold a plain pointer: they end before it does.
struct Attachment : std::enable_shared_from_this<Attachment> {
    Attachment(std::string called, std::shared_ptr<Transport> of, Role with)
        : name(std::move(called)), transport(std::move(of)), role(with) {}

    const std::string name;
    const std::shared_ptr<Transport> transport;
    const Role role;
    std::atomic<bool> connected{false};

    // The patterns of events subscribed to, so that an event that matches two is taken once.
    using Patterns = std::vector<std::string>;
    std::shared_ptr<const Patterns> patterns() const {
        std::lock_guard lock(patterns_mutex_);
        return patterns_;
    }
    void set_patterns(Patterns patterns) {
        std::lock_guard lock(patterns_mutex_);
        patterns_ = std::make_shared<const Patterns>(std::move(patterns));
    }

  private:
    mutable std::mutex patterns_mutex_;
    std::shared_ptr<const Patterns> patterns_ = std::make_shared<const Patterns>();
};
using AttachmentPtr = std::shared_ptr<Attachment>;

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>{}(text);
    }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

// Immutable once it is in use.
struct RouteTable {
    struct Target {
        AttachmentPtr via;
        std::string subject;
    };
    TextMap<std::vector<Target>> services;  // the own node first
    TextMap<Target> peers;
    struct Interest {
        AttachmentPtr via;
        std::vector<std::string> patterns;
        bool wants(std::string_view type) const;
    };
    std::vector<Interest> interests;
    TextMap<std::vector<AttachmentPtr>> followers;  // by the journal's epoch
};
using Routes = std::shared_ptr<const RouteTable>;

class Routing {
  public:
    Routes get() const {
        std::shared_lock lock(mutex_);
        return table_;
    }
    void set(Routes table) {
        std::unique_lock lock(mutex_);
        table_.swap(table);
    }

  private:
    mutable std::shared_mutex mutex_;
    Routes table_ = std::make_shared<const RouteTable>();
};

// What every part of a mesh uses.
struct MeshShared {
    const MeshOptions options;
    const Subjects subjects;
    const std::uint64_t boot;
    services::Registry& services;
    bus::Bus& bus;
    const exec::Clock& clock;
    telemetry::Logger& log;
    Routing routing;
    struct Counts {
        std::atomic<std::uint64_t> calls_out{0}, calls_in{0}, events_out{0}, events_in{0},
            forwarded{0}, unreadable{0};
    } counts;
};

}  // namespace streamwall::transport
