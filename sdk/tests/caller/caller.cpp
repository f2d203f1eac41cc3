// Retries and breakers; see resilience_test.cpp.
#include <streamwall/sdk/breaker.hpp>
#include <streamwall/sdk/plugin.hpp>
#include <streamwall/sdk/retry.hpp>

namespace streamwall::caller {

class Caller final : public Plugin<> {
  public:
    using Plugin::Plugin;

    Step start() override {
        auto ask = services().resolve("neighbour", "ask");
        if (!ask) return ask.error();
        ask_ = *ask;
        // Both answer with what the neighbour said, or with its last error.
        if (auto offered = offer("patiently", [this](auto finish) { patiently(finish); });
            !offered) {
            return offered.error();
        }
        if (auto offered = offer("sparingly", [this](auto finish) { sparingly(finish); });
            !offered) {
            return offered.error();
        }
        return services().offer("caller", "cancel", [this](const Request&) {
            retries_.cancel();
            return Buffer("{}");
        });
    }

  private:
    using Finish = std::function<void(Result<Buffer>)>;

    template <class Work>
    Result<> offer(const char* method, Work work) {
        return services().offer("caller", method, [work](const Request& request) {
            auto responder = std::make_shared<Responder>(request.defer());
            work(
                Finish([responder](Result<Buffer> answer) { responder->send(std::move(answer)); }));
            return pending;
        });
    }
    void ask(Finish finish) {
        services().call(ask_, Buffer("{}"), host().own_context().raw(), std::move(finish));
    }
    void patiently(Finish finish) {
        retries_.run<Buffer>({.jitter = 0}, [this](auto tried) { ask(std::move(tried)); }, finish);
    }
    void sparingly(Finish finish) {
        if (auto admitted = breaker_.admit(); !admitted) return finish(admitted.error());
        ask([this, finish](Result<Buffer> answer) {
            breaker_.settle(!answer);
            finish(std::move(answer));
        });
    }

    Method ask_;
    Retries retries_{host()};
    Breaker breaker_{host(), "neighbour"};
};

}  // namespace streamwall::caller

STREAMWALL_PLUGIN(streamwall::caller::Caller)
