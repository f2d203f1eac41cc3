// Uses each part of the SDK on request; see the tests beside it.
#include <streamwall/sdk/plugin.hpp>

namespace streamwall::probe {

struct Settings {
    std::chrono::milliseconds beat{};
    bool refuse = false;
};

class Probe final : public Plugin<Settings> {
  public:
    using Plugin::Plugin;

    Step start() override {
        if (settings().refuse) return Error{SW_INVALID_ARGUMENT, "told to refuse", "refuse", {}};
        beat_ = host().every(settings().beat, [this] { beat(); });
        for (const auto* method : {"echo", "relay", "save"}) {
            auto offered = services().offer(
                "probe", method, [this](const Request& request) { return serve(request); });
            if (!offered) return offered.error();
        }
        return bus().subscribe(
            {.pattern = "probe.saved", .durable = "saved", .start = SW_START_ALL},
            [this](const Event& event) { return saved(event); });
    }
    Step stop() override {
        beat_.cancel();
        return ok();
    }

  private:
    void beat() {
        ++beats_;
        const auto data = json::Writer().number("beat", beats_).buffer();
        if (auto sent = bus().publish({"probe.beat", "probe", data}, host().own_context().raw());
            !sent) {
            log().error("probe.unsent", sent.error().message);
        }
    }
    Answer serve(const Request& request) {
        if (request.method() == "echo") return request.shared_body();
        if (request.method() == "save") return save(request);
        const auto method = services().resolve("neighbour", "ask");
        if (!method) return method.error();
        services().call(*method, request.shared_body(), request.context(),
                        [responder = request.defer()](Result<Buffer> answer) mutable {
                            responder.send(std::move(answer));
                        });
        return pending;
    }
    Answer save(const Request& request) {
        bus().append({"probe.saved", "probe/1", request.shared_body()}, request.context(),
                     [responder = request.defer()](Result<Buffer> answer) mutable {
                         responder.send(std::move(answer));
                     });
        return pending;
    }
    Outcome saved(const Event& event) {
        const auto data = event.json();
        if (!data) return data.error();
        if (data->contains("fail")) return Error::internal("told to fail");
        log().info("probe.saw", event.data());
        return ok();
    }

    Timer beat_;
    std::int64_t beats_ = 0;
};

}  // namespace streamwall::probe

STREAMWALL_SETTINGS(streamwall::probe::Settings, beat, refuse)
STREAMWALL_PLUGIN(streamwall::probe::Probe)
