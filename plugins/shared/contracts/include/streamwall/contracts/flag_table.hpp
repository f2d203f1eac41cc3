// What a feature flag is, how it decides, and a table of flags in memory.
#pragma once

#include <streamwall/sdk/context.hpp>
#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::contracts::features {

inline constexpr std::string_view kStreamAnalytics = "stream_analytics";
inline constexpr std::string_view kStreamBulkImport = "stream_bulk_import";
inline constexpr std::string_view kStreamExport = "stream_export";
inline constexpr std::string_view kStreamTags = "stream_tags";
inline constexpr std::string_view kMaintenanceMode = "maintenance_mode";
inline constexpr std::string_view kLocationValidation = "location_validation";

// Flags that every system has, as they are until somebody changes them.
struct BuiltIn {
    std::string_view key;
    bool enabled;
};
inline constexpr std::array<BuiltIn, 6> kBuiltIn{{
    {kStreamAnalytics, true},
    {kStreamBulkImport, true},
    {kStreamExport, true},
    {kStreamTags, false},
    {kMaintenanceMode, false},
    {kLocationValidation, false},
}};

// Who a decision is about; texts empty where nobody asks.
struct Actor {
    std::string_view type = {}, id = {}, role = {};

    static Actor of(const sw_context& context) {
        return {to_view(context.principal_type), to_view(context.principal_id),
                to_view(context.role)};
    }
};

// The same for a flag and an actor on every node and for ever: 0…99.
inline unsigned percentile_of(std::string_view key, const Actor& actor) {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const auto part :
         {key, std::string_view("/"), actor.type, std::string_view("/"), actor.id})
        for (const char c : part)
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    // FNV's low bits are poor: MurmurHash3's finalizer.
    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
    return static_cast<unsigned>((hash ^ (hash >> 33)) % 100);
}

// On where it is enabled and each given gate passes; an empty gate lets everybody pass.
struct Flag {
    std::string key;
    bool enabled = false;
    std::vector<std::string> nodes = {};
    std::vector<std::string> roles = {};
    std::vector<std::int64_t> users = {};  // ids
    std::optional<std::int64_t> percentage_of_actors = {};
    std::optional<std::int64_t> percentage_of_time = {};
    std::int64_t version = 0;

    // Out of a record as the service renders it.
    static Result<Flag> read(const boost::json::object& record) try {
        Flag out;
        out.key = record.at("key").as_string();
        out.enabled = record.at("enabled").as_bool();
        out.version = record.at("version").as_int64();
        for (const auto& node : record.at("nodes").as_array())
            out.nodes.emplace_back(node.as_string());
        for (const auto& role : record.at("roles").as_array())
            out.roles.emplace_back(role.as_string());
        for (const auto& user : record.at("users").as_array())
            out.users.push_back(user.as_int64());
        const auto percentage = [&](std::string_view name) -> std::optional<std::int64_t> {
            const auto& value = record.at(name);
            if (value.is_null()) return std::nullopt;
            return value.as_int64();
        };
        out.percentage_of_actors = percentage("percentage_of_actors");
        out.percentage_of_time = percentage("percentage_of_time");
        return out;
    } catch (const std::exception& problem) {
        return Error::internal("not a feature flag: " + std::string(problem.what()));
    }

    // `roll` is 0…99, another one for each decision.
    bool is_on(const Actor& actor, std::string_view node, unsigned roll) const {
        if (!enabled || !passes_node(node)) return false;
        if (!roles.empty() && std::ranges::find(roles, actor.role) == roles.end()) return false;
        if (!users.empty() && !is_for_user(actor)) return false;
        if (percentage_of_actors && *percentage_of_actors < 100) {
            if (actor.id.empty()) return false;  // nobody in particular belongs to no share
            if (percentile_of(key, actor) >= *percentage_of_actors) return false;
        }
        return !percentage_of_time || roll < *percentage_of_time;
    }
    bool passes_node(std::string_view node) const {
        return nodes.empty() || std::ranges::find(nodes, node) != nodes.end();
    }
    bool asks_who() const {
        return !roles.empty() || !users.empty() || percentage_of_actors || percentage_of_time;
    }

  private:
    bool is_for_user(const Actor& actor) const {
        if (actor.type != "user") return false;
        std::int64_t id = 0;
        const auto* end = actor.id.data() + actor.id.size();
        const auto read = std::from_chars(actor.id.data(), end, id);
        return read.ec == std::errc() && read.ptr == end &&
               std::ranges::find(users, id) != users.end();
    }
};

// Flags in memory, the built-in ones from the start. Safe on every thread; a built-in flag without
// gates that ask who costs one atomic read.
class FlagTable {
  public:
    FlagTable() {
        for (const auto& [key, enabled] : kBuiltIn)
            flags_.emplace(key, Flag{.key = std::string(key), .enabled = enabled});
        judge_all();
    }

    // False for a key that nobody knows.
    bool is_on(std::string_view key, const Actor& actor) const {
        const auto place = place_of(key);
        if (place < verdicts_.size()) {
            const auto verdict = verdicts_[place].load(std::memory_order_acquire);
            if (verdict != Verdict::kAsk) return verdict == Verdict::kOn;
        }
        const std::shared_lock lock(mutex_);
        const auto found = flags_.find(key);
        return found != flags_.end() && found->second.is_on(actor, node_, roll());
    }
    // The same for another node; nothing for a key that nobody knows.
    std::optional<bool> is_on_at(std::string_view node, std::string_view key,
                                 const Actor& actor) const {
        const std::shared_lock lock(mutex_);
        const auto found = flags_.find(key);
        if (found == flags_.end()) return std::nullopt;
        return found->second.is_on(actor, node, roll());
    }

    // A version that is older than what is known changes nothing.
    void put(Flag flag) {
        const std::unique_lock lock(mutex_);
        auto& known = flags_[flag.key];
        if (!known.key.empty() && flag.version <= known.version) return;
        known = std::move(flag);
        judge(known);
    }
    // Whose gate `nodes` this process has to pass.
    void set_node(std::string node) {
        const std::unique_lock lock(mutex_);
        node_ = std::move(node);
        judge_all();
    }

  private:
    enum class Verdict : std::uint8_t { kOff, kOn, kAsk };

    static std::size_t place_of(std::string_view key) {
        return static_cast<std::size_t>(std::ranges::find(kBuiltIn, key, &BuiltIn::key) -
                                        kBuiltIn.begin());
    }
    void judge_all() {
        for (const auto& [key, flag] : flags_)
            judge(flag);
    }
    void judge(const Flag& flag) {
        const auto place = place_of(flag.key);
        if (place >= verdicts_.size()) return;
        auto verdict = flag.asks_who() ? Verdict::kAsk : Verdict::kOn;
        if (!flag.enabled || !flag.passes_node(node_)) verdict = Verdict::kOff;
        verdicts_[place].store(verdict, std::memory_order_release);
    }
    // 0…99, evenly: splitmix64 over a counter, so that threads share no lock.
    unsigned roll() const {
        auto x = rolls_.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return static_cast<unsigned>((x ^ (x >> 31)) % 100);
    }

    mutable std::shared_mutex mutex_;
    std::map<std::string, Flag, std::less<>> flags_;
    std::string node_;
    std::array<std::atomic<Verdict>, kBuiltIn.size()> verdicts_{};
    mutable std::atomic<std::uint64_t> rolls_{(std::uint64_t{std::random_device{}()} << 32) |
                                              std::random_device{}()};
};

}  // namespace streamwall::contracts::features
