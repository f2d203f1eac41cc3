// Feature flags: the service `features.flags`, and flags in memory for who asks often.
//
//   list      {"limit","offset"}                  → {"records":[flag…],"count"}
//   get       {"key"}                             → the flag
//   create    {"body","strict"}                   → the flag
//   update    {"key","versions","body","strict"}  → the flag
//   enable, disable {"key","versions","nodes":[…]?} → the flag; with nodes for these nodes alone
//   decide    {"key","node"?,"principal":{"type","id","role"}?} → {"on":bool}; of the caller unless
//             they are given
//   snapshot  {}                                  → {"flags":[flag…],"node":the caller's}
//
// A flag is {"id","key","enabled","nodes","roles","users","percentage_of_actors",
// "percentage_of_time",…}: on where it is enabled and each given gate passes. All methods but
// decide and snapshot are for administrators and the host. What changes is told by the durable
// event feature.changed, whose data is the flag.
//
// A plugin with `features.flags` (optional) among its requires and feature.changed in its
// subscribes asks in memory:
//
//   Flags flags_{*this};            // flags_.start() in start()
//   if (flags_.is_on(contracts::features::kStreamExport, request.context())) …
#pragma once

#include <streamwall/contracts/flag_table.hpp>
#include <streamwall/sdk/plugin.hpp>

#include <array>
#include <atomic>
#include <chrono>

namespace streamwall::contracts::features {

inline constexpr std::string_view kService = "features.flags";
inline constexpr std::string_view kList = "list";
inline constexpr std::string_view kGet = "get";
inline constexpr std::string_view kCreate = "create";
inline constexpr std::string_view kUpdate = "update";
inline constexpr std::string_view kEnable = "enable";
inline constexpr std::string_view kDisable = "disable";
inline constexpr std::string_view kDecide = "decide";
inline constexpr std::string_view kSnapshot = "snapshot";

inline constexpr std::string_view kFeatureChanged = "feature.changed";

// Values of details.code: what asks for a flag that is off; no flag can be made beside so many.
inline constexpr std::string_view kFeatureDisabled = "feature_disabled";
inline constexpr std::string_view kTooManyFlags = "too_many_flags";

// All flags of the system in memory. A change is here as soon as its event is; until the service
// has answered for the first time, each flag is as FlagTable has it. A member of a plugin.
class Flags {
  public:
    explicit Flags(PluginBase& plugin)
        : host_(plugin.host()), services_(plugin.services()), bus_(plugin.bus()) {
        plugin.before_stop([this] { timer_.cancel(); });
    }

    // In the plugin's start(). [strand]
    Result<> start() {
        auto method = services_.resolve(kService, kSnapshot);
        if (!method) return std::move(method).error();
        snapshot_ = *method;
        auto heard = bus_.subscribe({.pattern = kFeatureChanged, .durable = "features"},
                                    [this](const Event& event) -> Outcome {
                                        learn(event.data());
                                        return ok();
                                    });
        if (!heard) return heard;
        ticks_ = 0;
        load();
        timer_ = host_.every(kTick, [this] {
            // Often until a new subscription has begun for certain, which misses what was changed
            // before. From then on for healing.
            const auto tick = ++ticks_;
            if (!is_loaded_ || tick <= kFirstTicks || tick % kTicksBetweenLoads == 0) load();
        });
        return ok();
    }

    // Costs a look into memory. [any]
    bool is_on(std::string_view key, const sw_context& context) const {
        return table_.is_on(key, Actor::of(context));
    }
    bool is_on(std::string_view key) const { return table_.is_on(key, Actor{}); }

    // A flag as the service answered, so that who changed it here sees the change at once. [any]
    void learn(std::string_view record) {
        const auto parsed = json::parse_object(record);
        if (!parsed) return;
        if (auto flag = Flag::read(*parsed)) table_.put(std::move(*flag));
    }

  private:
    static constexpr std::chrono::milliseconds kTick{500};
    static constexpr unsigned kFirstTicks = 10;
    static constexpr unsigned kTicksBetweenLoads = 60;

    void load() {
        const auto context = host_.own_context(std::chrono::seconds(5));
        services_.call(snapshot_, Buffer("{}"), context.raw(), [this](Result<Buffer> reply) {
            if (!reply) return;  // away, or not part of this system: asked again
            const auto parsed = json::parse_object(reply->view());
            if (!parsed) return;
            if (const auto* node = parsed->if_contains("node"); node && node->is_string())
                table_.set_node(std::string(node->get_string()));
            const auto* flags = parsed->if_contains("flags");
            if (flags == nullptr || !flags->is_array()) return;
            for (const auto& item : flags->get_array()) {
                if (!item.is_object()) continue;
                if (auto flag = Flag::read(item.get_object())) table_.put(std::move(*flag));
            }
            is_loaded_ = true;
        });
    }

    const Host& host_;
    Services& services_;
    Bus& bus_;
    Method snapshot_;
    FlagTable table_;
    Timer timer_;
    std::atomic<unsigned> ticks_{0};
    std::atomic<bool> is_loaded_{false};
};

}  // namespace streamwall::contracts::features
