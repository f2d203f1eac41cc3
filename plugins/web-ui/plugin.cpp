// web-ui: wiring. What is served and to whom is in site.cpp.
#include "site.hpp"

#include <streamwall/sdk/http.hpp>
#include <streamwall/sdk/plugin.hpp>

namespace streamwall::web_ui {
namespace {

// Parallel: requests arrive on the listener's loops and are answered there, from memory.
class WebUi final : public Plugin<> {
  public:
    using Plugin::Plugin;

    Step start() override {
        for (const auto& page : pages()) {
            mount(page.path, [answer = page.answer](const http::Request& request) {
                return answer(request.context(), request.query());
            });
        }
        for (auto& asset : assets()) {
            const auto path = asset.path;
            mount(path, [asset = std::move(asset)](const http::Request& request) {
                return asset.answer(request.header("if-none-match"));
            });
        }
        return listener_.watch([this](const Error& error) {
            log().error("web_ui.route_refused", error.message, {{"where", error.where}});
        });
    }

    // Handlers on the listener's loops must not outlive what they use.
    Step stop() override {
        listener_.unmount([host = host()] { host.complete(SW_STEP_STOP); });
        return pending;
    }

  private:
    // Open to all, because strangers are shown the way to the log-in; pages are not counted.
    template <class Handler>
    void mount(std::string_view path, Handler handler) {
        listener_.route(
            {.path = std::string(path), .access = SW_HTTP_OPEN, .flags = SW_HTTP_UNCOUNTED},
            [handler = std::move(handler)](const http::Request& request, http::Exchange exchange) {
                const auto answer = handler(request);
                http::Response response(answer.status, Buffer(answer.body));
                for (const auto& [name, value] : answer.headers)
                    response.header(name, value);
                exchange.send(response);
            });
    }

    http::Listener listener_{host()};
};

}  // namespace
}  // namespace streamwall::web_ui

STREAMWALL_PLUGIN(streamwall::web_ui::WebUi)
