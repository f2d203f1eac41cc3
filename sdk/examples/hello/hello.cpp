// Greets everybody who writes in a watched chat.
#include <streamwall/sdk/plugin.hpp>

struct Settings {
    std::string greeting;
};
STREAMWALL_SETTINGS(Settings, greeting)

class Hello final : public streamwall::Plugin<Settings> {
  public:
    using Plugin::Plugin;
    streamwall::Step start() override {
        return bus().subscribe({.pattern = "chat.message_posted"},
                               [this](const streamwall::Event& event) { return greet(event); });
    }

  private:
    streamwall::Outcome greet(const streamwall::Event& event) {
        const auto message = event.json();
        if (!message) return message.error();
        log().info("hello.said", settings().greeting, {{"to", message->at("user")}});
        return streamwall::ok();
    }
};
STREAMWALL_PLUGIN(Hello)
