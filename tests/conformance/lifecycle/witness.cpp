// Has one of everything that can call back, and reports what comes too late: requests and events
// once stop() has begun, anything at all once the instance is destroyed.
#include <streamwall/sdk/plugin.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>

namespace streamwall::witness {

using namespace std::chrono_literals;

struct Settings {
    bool hang = false;
    bool refuse = false;
};

class Witness final : public Plugin<Settings> {
  public:
    using Plugin::Plugin;

    Step start() override {
        started_ = true;
        if (settings().refuse) return Error{SW_INVALID_ARGUMENT, "told to refuse", {}, {}};
        if (settings().hang) return pending;
        timer_ = host().every(1ms, [destroyed = destroyed_] { alive(destroyed); });
        auto offered = services().offer("witness", "ask",
                                        [this](const Request& request) { return serve(request); });
        if (!offered) return offered.error();
        auto subscribed = bus().subscribe({.pattern = "chat.message_posted"},
                                          [this](const Event&) { return heard(); });
        if (!subscribed) return subscribed.error();
        return bus().subscribe({.pattern = "witness.kept", .durable = "kept"},
                               [this](const Event& event) { return kept(event); });
    }
    ~Witness() override { *destroyed_ = true; }
    Step stop() override {
        if (stopped_) log().error("witness.late", "a second stop");
        if (!started_) log().error("witness.late", "a stop without a start");
        stopped_ = true;
        log().info("witness.stopped", "stopped");
        return ok();
    }

  private:
    using Flag = std::shared_ptr<std::atomic<bool>>;

    // Intake ends before stop().
    void taken_in(const char* what) {
        if (stopped_) log().error("witness.late", what);
    }
    // Nothing of the host is there any more that could take a report.
    static void alive(const Flag& destroyed) {
        if (*destroyed) std::abort();
    }
    Answer serve(const Request& request) {
        taken_in("request");
        const auto method = services().resolve("neighbour", "ask");
        if (!method) return method.error();
        services().call(
            *method, request.shared_body(), request.context(),
            [destroyed = destroyed_, responder = request.defer()](Result<Buffer> answer) mutable {
                alive(destroyed);
                responder.send(std::move(answer));
            });
        return pending;
    }
    Outcome heard() {
        taken_in("transient event");
        host().post_blocking([this, destroyed = destroyed_] {
            alive(destroyed);
            host().post([destroyed] { alive(destroyed); });
        });
        return ok();
    }
    Outcome kept(const Event& event) {
        taken_in("durable event");
        // Ends after the handler has returned, perhaps after the stop.
        host().post_blocking(
            [destroyed = destroyed_, delivery = std::make_shared<Delivery>(event)] {
                alive(destroyed);
                delivery->complete(ok());
            });
        return pending;
    }

    Timer timer_;
    bool started_ = false;
    std::atomic<bool> stopped_{false};
    const Flag destroyed_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace streamwall::witness

STREAMWALL_SETTINGS(streamwall::witness::Settings, hang, refuse)
STREAMWALL_PLUGIN(streamwall::witness::Witness)
