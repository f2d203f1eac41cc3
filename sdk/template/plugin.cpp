// Counts the messages of a chat. Offers the total as a service and announces it as an event.
#include <streamwall/sdk/events.hpp>
#include <streamwall/sdk/plugin.hpp>

struct Settings {
    std::int64_t announce_every = 10;
};
STREAMWALL_SETTINGS(Settings, announce_every)

struct TotalChanged {
    std::int64_t total = 0;
};
STREAMWALL_EVENT(TotalChanged, "my_plugin.total_changed", total)

class MyPlugin final : public streamwall::Plugin<Settings> {
  public:
    using Plugin::Plugin;

    streamwall::Step start() override {
        auto offered = services().offer("my_plugin.totals", "get",
                                        [this](const streamwall::Request&) { return get(); });
        if (!offered) return offered.error();
        return bus().subscribe({.pattern = "chat.message_posted"},
                               [this](const streamwall::Event&) { return count(); });
    }

  private:
    streamwall::Answer get() const {
        return streamwall::json::Writer().number("total", total_).buffer();
    }
    streamwall::Outcome count() {
        ++total_;
        if (total_ % settings().announce_every != 0) return streamwall::ok();
        return streamwall::publish(bus(), "my_plugin/total", TotalChanged{total_},
                                   host().own_context().raw());
    }

    std::int64_t total_ = 0;
};
STREAMWALL_PLUGIN(MyPlugin)
