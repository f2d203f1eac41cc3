// Work in coroutines, typed events and the inbox; see worker_test.cpp.
#include <streamwall/sdk/coroutine.hpp>
#include <streamwall/sdk/events.hpp>
#include <streamwall/sdk/inbox.hpp>

namespace streamwall::worker {

struct Message {
    std::string user;
    std::string text;
    std::optional<std::string> language;
};
struct Done {
    std::string what;
    std::int64_t steps = 0;
    std::optional<std::string> remark;
};

}  // namespace streamwall::worker

STREAMWALL_EVENT(streamwall::worker::Message, "chat.message_posted", user, text, language)
STREAMWALL_EVENT(streamwall::worker::Done, "work.done", what, steps, remark)

namespace streamwall::worker {

using namespace std::chrono_literals;

// Says in the log when it is destroyed: what a frame holds must go at stop.
class Witness {
  public:
    Witness(Log log, std::string name) : log_(log), name_(std::move(name)) {}
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    ~Witness() { log_.info("witness.gone", name_); }

  private:
    Log log_;
    std::string name_;
};

class Worker final : public Plugin<> {
  public:
    using Plugin::Plugin;

    Step start() override {
        const auto offer = [&](const char* name, auto work) {
            return services().offer("worker", name, [this, work](const Request& request) {
                return tasks_.serve(
                    request, (this->*work)(request.shared_body(), Context(request.context())));
            });
        };
        for (const auto& offered : {offer("ask_twice", &Worker::ask_twice),
                                    offer("wait", &Worker::wait), offer("hash", &Worker::hash),
                                    offer("fail", &Worker::fail), offer("keep", &Worker::keep)}) {
            if (!offered) return offered.error();
        }
        if (auto subscribed = subscribe<Message>(
                bus(), {},
                [this](const Message& message, const Event&) { return answer(message); });
            !subscribed) {
            return subscribed.error();
        }
        return bus().subscribe({.pattern = "work.kept", .durable = "kept", .start = SW_START_ALL},
                               [this](const Event& event) { return record(event); });
    }
    Step stop() override {
        log().info("stop.ran", std::to_string(tasks_.running()));
        return ok();
    }

  private:
    using Body = Buffer;

    Task<Result<Buffer>> ask_once(Body body, Context context) {
        const Witness witness(log(), "ask_once");
        const auto method = services().resolve("neighbour", "ask");
        if (!method) co_return method.error();
        auto answer = co_await coro::call(services(), *method, body, context.raw());
        co_return answer;
    }
    Task<Result<Buffer>> ask_twice(Body body, Context context) {
        auto first = co_await ask_once(body, context);
        if (!first) co_return first.error();
        auto second = co_await ask_once(std::move(first).value(), context);
        co_return second;
    }
    Task<Result<Buffer>> wait(Body, Context) {
        const Witness witness(log(), "wait");
        co_await coro::sleep(host(), 30s);
        co_return Buffer("\"waited\"");
    }
    Task<Result<Buffer>> hash(Body body, Context) {
        const auto text = std::string(body.view());
        const auto sum = co_await coro::blocking(host(), [text] {
            std::uint64_t out = 0;
            for (const unsigned char c : text)
                out = out * 31 + c;
            return out;
        });
        co_return Buffer(std::to_string(sum));
    }
    Task<Result<Buffer>> fail(Body, Context) {
        co_await coro::sleep(host(), 1ms);
        throw std::runtime_error("thrown in a task");
    }
    Task<Result<Buffer>> keep(Body body, Context context) {
        auto kept = co_await coro::append(bus(), "work.kept", "work/1", body, context.raw());
        co_return kept;
    }
    Outcome answer(const Message& message) {
        return publish(bus(), "work", Done{message.text, 1, message.language},
                       host().own_context().raw());
    }
    Outcome record(const Event& event) {
        Changes changes;
        changes.insert("works", {{"what", event.subject()}});
        return inbox_.commit(event, std::move(changes));
    }

    Inbox inbox_{*this, "worker"};
    Tasks tasks_{*this};
};

}  // namespace streamwall::worker

STREAMWALL_PLUGIN(streamwall::worker::Worker)
