// Plugin: the base class of a plugin, and the macro that exports it.
//
//   class Hello final : public streamwall::Plugin<Settings> {
//       streamwall::Result<> start() override { … }
//   };
//   STREAMWALL_PLUGIN(Hello)
//
// The life-cycle steps and, unless the manifest says `parallel`, all callbacks run on the
// instance's strand, one at a time. Exceptions that leave a step become errors.
#pragma once

#include <streamwall/plugin.h>
#include <streamwall/sdk/bus.hpp>
#include <streamwall/sdk/services.hpp>
#include <streamwall/sdk/settings.hpp>

#if defined(STREAMWALL_MANIFEST_HEADER)
#include STREAMWALL_MANIFEST_HEADER
#endif

namespace streamwall {

// A step's result: done, failed, or `pending` until host().complete(step).
class Step {
  public:
    Step(Result<> result) : result_(std::move(result)) {}  // NOLINT: implicit on purpose
    Step(Error error) : result_(std::move(error)) {}       // NOLINT
    Step(Pending) : pending_(true) {}                      // NOLINT
    sw_status finish(sw_error* error) const {
        if (pending_) return SW_PENDING;
        return result_ ? SW_OK : fill_error(error, result_.error());
    }

  private:
    Result<> result_;
    bool pending_ = false;
};

class PluginBase {
  public:
    explicit PluginBase(const sw_host_api* api) : host_(api), services_(host_), bus_(host_) {}
    PluginBase(const PluginBase&) = delete;
    PluginBase& operator=(const PluginBase&) = delete;
    virtual ~PluginBase() = default;

    virtual Step start() { return ok(); }
    virtual Step drain(std::uint64_t /*deadline_ns*/) { return ok(); }
    virtual Step stop() { return ok(); }
    virtual const void* extension(std::string_view /*name*/) { return nullptr; }

    // For members that must have ended when stop() begins: `end` runs at each stop, the newest
    // first. [strand]
    void before_stop(std::function<void()> end) { before_stop_.push_back(std::move(end)); }
    Step end() {
        for (auto each = before_stop_.rbegin(); each != before_stop_.rend(); ++each)
            (*each)();
        return stop();
    }

    const Host& host() const { return host_; }
    Log log() const { return host_.log(); }
    Services& services() { return services_; }
    Bus& bus() { return bus_; }

  private:
    Host host_;
    Services services_;
    Bus bus_;
    std::vector<std::function<void()>> before_stop_;
};

template <class SettingsType = NoSettings>
class Plugin : public PluginBase {
  public:
    using Settings = SettingsType;
    // A derived class inherits this constructor; no I/O and no calls in it.
    Plugin(const sw_host_api* api, Settings settings)
        : PluginBase(api), settings_(std::move(settings)) {}

    // Only settings marked x-reload: live differ. An error keeps the old ones.
    virtual Result<> reconfigure(const Settings& /*next*/) { return ok(); }

    const Settings& settings() const { return settings_; }
    void adopt(Settings next) { settings_ = std::move(next); }

  private:
    Settings settings_;
};

namespace detail {

template <>
struct SettingsTraits<NoSettings> {
    static constexpr std::array<std::string_view, 0> kNames{};
    static NoSettings read(const boost::json::object&) { return {}; }
};

// noexcept thunks from the C table to the class.
template <class T>
struct Thunks {
    using Settings = typename T::Settings;
    using Traits = SettingsTraits<Settings>;

    static Settings read_settings(sw_str text) {
        auto object = json::parse_object(to_view(text));
        if (!object) throw std::invalid_argument(object.error().message);
        return Traits::read(*object);
    }
    static sw_status create(const sw_host_api* api, sw_str settings, void** self,
                            sw_error* error) noexcept {
        return guard(error, [&]() -> sw_status {
            buffer_table =
                static_cast<const sw_buffer_api*>(api->get_interface(api->host, SW_BUFFER));
            PluginBase* base = new T(api, read_settings(settings));
            *self = base;
            return SW_OK;
        });
    }
    static T* cast(void* self) { return static_cast<T*>(static_cast<PluginBase*>(self)); }
    static sw_status start(void* self, sw_error* error) noexcept {
        return guard(error, [&] { return base(self).start().finish(error); });
    }
    static sw_status drain(void* self, std::uint64_t deadline_ns, sw_error* error) noexcept {
        return guard(error, [&] { return base(self).drain(deadline_ns).finish(error); });
    }
    static sw_status stop(void* self, sw_error* error) noexcept {
        return guard(error, [&] { return base(self).end().finish(error); });
    }
    static void destroy(void* self) noexcept { delete static_cast<PluginBase*>(self); }
    static sw_status reconfigure(void* self, sw_str settings, sw_error* error) noexcept {
        return guard(error, [&]() -> sw_status {
            auto next = read_settings(settings);
            auto* plugin = static_cast<Plugin<Settings>*>(static_cast<PluginBase*>(self));
            if (auto done = plugin->reconfigure(next); !done)
                return fill_error(error, done.error());
            plugin->adopt(std::move(next));
            return SW_OK;
        });
    }
    static const void* extension(void* self, const char* name) noexcept {
        return base(self).extension(name);
    }
    static PluginBase& base(void* self) { return *static_cast<PluginBase*>(self); }
    static constexpr sw_plugin_api kTable = {
        sizeof(sw_plugin_api), 0,         &create, &start, &drain, &stop, &destroy,
        &reconfigure,          &extension};
};

}  // namespace detail
}  // namespace streamwall

#define STREAMWALL_DETAIL_STRING2(x) #x
#define STREAMWALL_DETAIL_STRING(x) STREAMWALL_DETAIL_STRING2(x)

// Exports `Class`. Name and version come from plugin.yaml through streamwall_add_plugin().
#define STREAMWALL_PLUGIN(Class)                                                                  \
    static_assert(                                                                                \
        ::streamwall::detail::same_names(::streamwall::detail::Thunks<Class>::Traits::kNames,     \
                                         ::streamwall::manifest::kSettings),                      \
        "STREAMWALL_SETTINGS names other settings than plugin.yaml");                             \
    SW_EXPORT const sw_plugin_entry* streamwall_plugin_entry_v1(void) {                           \
        static constexpr sw_plugin_entry kEntry = {sizeof(sw_plugin_entry),                       \
                                                   SW_ABI_MAJOR,                                  \
                                                   SW_ABI_MINOR,                                  \
                                                   ::streamwall::manifest::kName,                 \
                                                   ::streamwall::manifest::kVersion,              \
                                                   "streamwall-sdk-0.1.0",                        \
                                                   &::streamwall::detail::Thunks<Class>::kTable}; \
        return &kEntry;                                                                           \
    }
