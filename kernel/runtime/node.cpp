// The blocking side of a node: what the command line and tests call.
#include "runtime/node.hpp"

#include "bus/envelope.hpp"
#include "runtime/core.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <future>

namespace streamwall::runtime {

Node::Node(NodeOptions options, modules::ModuleStore& modules, telemetry::Logger& log)
    : options_(std::move(options)), core_(std::make_unique<Core>(options_, modules, log)) {}

Node::~Node() = default;

void Node::Core::pump_until(const std::function<bool()>& done) {
    constexpr int kMaxSteps = 200'000;  // half an hour of virtual time: more is a hang
    for (int n = 0; n < kMaxSteps && !done(); ++n) {
        bool worked = pool->run_one();
        worked = blocking.run_one() || worked;
        if (worked) continue;
        options.virtual_clock->advance(std::chrono::milliseconds(10));
        timers.fire_due();
    }
}

template <class T>
T Node::Core::wait_for(std::function<void(std::function<void(T)>)> work) {
    auto promise = std::make_shared<std::promise<T>>();
    auto result = promise->get_future();
    control->post_function([work = std::move(work), promise] {
        work([promise](T value) { promise->set_value(std::move(value)); });
    });
    if (options.virtual_clock) {
        pump_until(
            [&] { return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    }
    return result.get();
}

Failure Node::start() {
    return core_->wait_for<Failure>(
        [core = core_.get()](std::function<void(Failure)> done) { core->begin(std::move(done)); });
}

bool Node::stop() {
    return core_->wait_for<bool>([core = core_.get()](std::function<void(bool)> done) {
        core->shut_down([core, done] {
            bool clean = true;
            for (const auto& [name, instance] : core->instances) {
                clean = clean && instance->state() != State::stuck;
            }
            done(clean);
        });
    });
}

Failure Node::enable(const std::string& name) {
    return core_->wait_for<Failure>([core = core_.get(), name](std::function<void(Failure)> done) {
        core->enable(name, std::move(done));
    });
}

Failure Node::disable(const std::string& name) {
    return core_->wait_for<Failure>([core = core_.get(), name](std::function<void(Failure)> done) {
        core->disable(name, std::move(done));
    });
}

Failure Node::restart(const std::string& name) {
    return core_->wait_for<Failure>([core = core_.get(), name](std::function<void(Failure)> done) {
        core->restart(name, std::move(done));
    });
}

Failure Node::reconfigure(const std::string& name, const boost::json::object& settings) {
    return core_->wait_for<Failure>(
        [core = core_.get(), name, settings](std::function<void(Failure)> done) {
            core->reconfigure(name, settings, std::move(done));
        });
}

Failure Node::reset(const std::string& name) {
    return core_->wait_for<Failure>([core = core_.get(), name](std::function<void(Failure)> done) {
        core->reset(name, std::move(done));
    });
}

Reload Node::reload(std::vector<config::ResolvedInstance> wanted) {
    return core_->wait_for<Reload>(
        [core = core_.get(), wanted = std::move(wanted)](std::function<void(Reload)> done) {
            core->reload(wanted, std::move(done));
        });
}

boost::json::object Node::plan(std::vector<config::ResolvedInstance> wanted) {
    return core_->wait_for<boost::json::object>(
        [core = core_.get(), wanted = std::move(wanted)](
            const std::function<void(boost::json::object)>& done) { done(core->plan(wanted)); });
}

std::expected<boost::json::value, Failure> Node::reload_file() {
    using Answer = std::expected<boost::json::value, Failure>;
    return core_->wait_for<Answer>([core = core_.get()](std::function<void(Answer)> done) {
        core->reload_file(std::move(done));
    });
}

std::expected<boost::json::value, Failure> Node::plan_file() {
    using Answer = std::expected<boost::json::value, Failure>;
    return core_->wait_for<Answer>([core = core_.get()](std::function<void(Answer)> done) {
        core->plan_file(std::move(done));
    });
}

std::optional<std::string> Node::introspect(std::string_view what) const {
    return core_->document(what);
}

std::vector<InstanceStatus> Node::instances() const {
    return core_->statuses();
}

std::uint64_t Node::tap(std::string pattern, std::function<void(const std::string&)> seen) {
    return core_->bus.tap(std::move(pattern), [seen = std::move(seen)](const bus::EventPtr& event) {
        seen(bus::render(event->raw()));
    });
}

void Node::untap(std::uint64_t id) {
    core_->bus.untap(id);
}

std::expected<std::string, Failure> Node::call(const std::string& service,
                                               const std::string& method,
                                               const std::string& request,
                                               std::chrono::milliseconds timeout) {
    using Answer = std::expected<std::string, Failure>;
    return core_->wait_for<Answer>([core = core_.get(), service, method, request,
                                    timeout](std::function<void(Answer)> done) {
        sw_context context{};
        context.size = sizeof context;
        context.principal_type = str("operator");
        context.role = str("admin");
        context.deadline_ns =
            core->clock.monotonic_ns() + static_cast<std::uint64_t>(timeout.count()) * 1'000'000;
        using Done = std::function<void(Answer)>;
        auto waiting = std::make_unique<Done>(std::move(done));
        const BufferRef body(request);
        sw_buffer* reply = nullptr;
        ErrorSlot error;
        const auto status = core->services.call(
            *core->services.resolve(core->operator_party, service, method), body.get(), &context,
            [](void* ctx, sw_status code, const sw_buffer* answer, const sw_error* why) {
                const std::unique_ptr<Done> owned(static_cast<Done*>(ctx));
                if (code == SW_OK)
                    (*owned)(std::string(view(answer)));
                else
                    (*owned)(std::unexpected(Failure::from(code, why)));
            },
            waiting.get(), nullptr, &reply, error.get());
        if (status == SW_PENDING) {
            static_cast<void>(waiting.release());
        } else if (status == SW_OK) {
            const auto held = BufferRef::adopt(reply);
            (*waiting)(std::string(held.text()));
        } else {
            (*waiting)(std::unexpected(Failure::from(status, error.get())));
        }
    });
}

void Node::pump(std::chrono::milliseconds advance) {
    const auto until =
        core_->clock.monotonic_ns() + static_cast<std::uint64_t>(advance.count()) * 1'000'000;
    const auto run_all = [this] {
        while (core_->pool->run_one() || core_->blocking.run_one()) {
        }
    };
    run_all();
    while (core_->clock.monotonic_ns() < until) {
        options_.virtual_clock->advance(std::min<std::chrono::nanoseconds>(
            std::chrono::milliseconds(10),
            std::chrono::nanoseconds(until - core_->clock.monotonic_ns())));
        core_->timers.fire_due();
        run_all();
    }
}

abi::Facilities& Node::facilities() {
    return core_->facilities;
}
Instance* Node::find(const std::string& instance) {
    return core_->find(instance);
}

}  // namespace streamwall::runtime
