// The test's own plugin: fake services and calls.
#include "peer.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace streamwall::testing {

namespace {

constexpr const char* kVersion = "1.0.0";

Principal principal_of(const sw_context& context) {
    return {std::string(view(context.principal_type)), std::string(view(context.principal_id)),
            std::string(view(context.principal_name)), std::string(view(context.role))};
}

Failure failure_of(const Answer& answer) {
    return {answer.code, answer.message, answer.where, answer.details};
}

Answer answer_of(sw_status status, std::string_view body, const sw_error* error) {
    if (status == SW_OK) return Answer::ok(std::string(body));
    const auto failure = Failure::from(status, error);
    auto out = Answer::error(status, failure.message, failure.details);
    out.where = failure.where;
    return out;
}

}  // namespace

struct Peer::Method {
    Peer* peer;
    std::string service, name;
    std::shared_ptr<const Server> server;
};

// An answer that is held back. The timer owns it; at stop the kernel drops the timer.
struct Peer::Late {
    Peer* peer;
    sw_responder* responder;
    Answer answer;

    void send() {
        auto* to = std::exchange(responder, nullptr);
        if (to == nullptr) return;
        if (answer) {
            return peer->services_->respond(to, SW_OK, BufferRef(answer.body).release(), nullptr);
        }
        ErrorSlot error(failure_of(answer));
        peer->services_->respond(to, answer.code, nullptr, error.get());
    }
};

Peer::Peer()
    : table_{sizeof table_, 0,       &Peer::create, nullptr, nullptr, &Peer::stop,
             [](void*) {},  nullptr, nullptr},
      entry_{sizeof entry_, SW_ABI_MAJOR, SW_ABI_MINOR, kPeerName.data(), kVersion, "", &table_} {}

Peer::~Peer() = default;

void Peer::serve(const std::string& service, const std::string& method, Server server) {
    std::lock_guard lock(mutex_);
    auto& made = methods_[{service, method}];
    if (!made) made = std::make_unique<Method>(Method{this, service, method, nullptr});
    made->server = std::make_shared<const Server>(std::move(server));
}

bool Peer::serves(const std::string& service) const {
    std::lock_guard lock(mutex_);
    const auto first = methods_.lower_bound({service, ""});
    return first != methods_.end() && first->first.first == service;
}

std::string Peer::manifest() const {
    std::set<std::string> services;
    {
        std::lock_guard lock(mutex_);
        for (const auto& [key, method] : methods_)
            services.insert(key.first);
    }
    boost::json::array provides(services.begin(), services.end());
    // JSON is YAML.
    return boost::json::serialize(
        boost::json::object{{"name", kPeerName},
                            {"version", kVersion},
                            {"abi", fmt::format("{}.{}", SW_ABI_MAJOR, SW_ABI_MINOR)},
                            {"provides", provides},
                            {"permissions", {"call", "journal"}},
                            {"settings",
                             {{"type", "object"},
                              {"additionalProperties", false},
                              {"properties", {{"peer", {{"type", "integer"}}}}}}}});
}

std::string Peer::settings() const {
    return fmt::format(R"({{"peer":{}}})", reinterpret_cast<std::uintptr_t>(this));
}

sw_status Peer::create(const sw_host_api* api, sw_str settings, void** self, sw_error* error) {
    const auto address = boost::json::parse(view(settings)).at("peer").to_number<std::uintptr_t>();
    auto* peer = reinterpret_cast<Peer*>(address);
    *self = peer;
    return peer->offer_all(api, error);
}

sw_status Peer::offer_all(const sw_host_api* api, sw_error* error) {
    const auto table = [&](const char* name) { return api->get_interface(api->host, name); };
    api_ = api;
    services_ = static_cast<const sw_services_api*>(table(SW_SERVICES));
    executor_ = static_cast<const sw_executor_api*>(table(SW_EXECUTOR));
    clock_ = static_cast<const sw_clock_api*>(table(SW_CLOCK));
    journal_ = static_cast<const sw_journal_api*>(table(SW_JOURNAL));
    std::lock_guard lock(mutex_);
    for (const auto& [key, method] : methods_) {
        const auto status = services_->offer(api->host, str(method->service), str(method->name),
                                             &Peer::answer_request, method.get(), error);
        if (status != SW_OK) return status;
    }
    return SW_OK;
}

// What waits for its time is answered now: a deferred request must not outlive its instance.
sw_status Peer::stop(void* self, sw_error*) {
    auto* peer = static_cast<Peer*>(self);
    for (auto* late : peer->late_) {
        late->answer = Answer::error(SW_CANCELLED, "the test host stops");
        late->send();
    }
    peer->late_.clear();
    return SW_OK;
}

sw_status Peer::answer_request(void* ctx, const sw_request* request, sw_buffer** reply,
                               sw_error* error) {
    const auto& method = *static_cast<Method*>(ctx);
    std::shared_ptr<const Server> server;
    {
        std::lock_guard lock(method.peer->mutex_);
        server = method.server;
    }
    const auto& context = *request->context;
    const Call call{method.service, method.name, std::string(view(request->body)),
                    std::string(view(context.caller)), principal_of(context)};
    Answer answer;
    try {
        answer = (*server)(call, context);
    } catch (const std::exception& problem) {
        answer = Answer::error(SW_INTERNAL, std::string("the fake threw: ") + problem.what());
    }
    if (answer.delay.count() > 0) {
        method.peer->answer_later(*request, std::move(answer));
        return SW_PENDING;
    }
    if (!answer) return fill(error, failure_of(answer));
    *reply = BufferRef(answer.body).release();
    return SW_OK;
}

void Peer::answer_later(const sw_request& request, Answer answer) {
    const std::chrono::nanoseconds delay = answer.delay;
    auto* late = new Late{this, services_->defer(&request), std::move(answer)};
    late_.insert(late);
    executor_->schedule(
        api_->host, static_cast<std::uint64_t>(delay.count()), 0,
        [](void* arg) {
            auto* due = static_cast<Late*>(arg);
            due->peer->late_.erase(due);
            due->send();
        },
        [](void* arg) { delete static_cast<Late*>(arg); }, late);
}

void Peer::call(const std::string& service, const std::string& method, const std::string& body,
                const Principal& principal, std::chrono::milliseconds timeout,
                std::function<void(Answer)> done) {
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = str(principal.type);
    context.principal_id = str(principal.id);
    context.principal_name = str(principal.name);
    context.role = str(principal.role);
    context.deadline_ns = clock_->monotonic_ns(api_->host) +
                          static_cast<std::uint64_t>(std::chrono::nanoseconds(timeout).count());
    using Done = std::function<void(Answer)>;
    const sw_method* resolved = nullptr;
    ErrorSlot error;
    auto status = services_->resolve(api_->host, str(service), str(method), &resolved, error.get());
    if (status != SW_OK) return done(answer_of(status, {}, error.get()));
    auto waiting = std::make_unique<Done>(std::move(done));
    const BufferRef request(body);
    sw_buffer* reply = nullptr;
    std::uint64_t id = 0;
    status = services_->call(
        api_->host, resolved, request.get(), &context,
        [](void* ctx, sw_status code, const sw_buffer* answer, const sw_error* why) {
            const std::unique_ptr<Done> owned(static_cast<Done*>(ctx));
            (*owned)(answer_of(code, view(answer), why));
        },
        waiting.get(), &id, &reply, error.get());
    if (status == SW_PENDING) {
        static_cast<void>(waiting.release());
        return;
    }
    const auto held = BufferRef::adopt(reply);
    (*waiting)(answer_of(status, held.text(), error.get()));
}

void Peer::committed(const sw_event& event) {
    journal_->committed(api_->host, &event, 1);
}

}  // namespace streamwall::testing
