#include "fake_host.hpp"

#include <heap_buffers.hpp>

#include <boost/json.hpp>

#include <cstring>
#include <stdexcept>

namespace streamwall::rest_api::testing {

using streamwall::testing::kHeapBuffers;

// The C tables; `sw_host*`, `sw_series*` and the listener's self are the objects behind them.
struct FakeHost::Tables {
    static std::uint64_t monotonic_ns(sw_host*) { return 1; }
    static std::int64_t wall_ms(sw_host* host) { return of(host)->now_ms; }

    static std::int32_t logs(sw_host*, std::int32_t) { return 1; }
    static void write_log(sw_host* host, std::int32_t, sw_str event, sw_str, sw_str) {
        of(host)->logged_.emplace_back(to_view(event));
    }

    static sw_series* series(sw_host* host, std::int32_t kind, sw_str, sw_str, const sw_str* labels,
                             std::size_t count, const double*, std::size_t) {
        std::string key;
        for (std::size_t i = 1; kind == SW_COUNTER && i < 2 * count; i += 2)
            key += (i > 1 ? " " : "") + std::string(to_view(labels[i]));
        return reinterpret_cast<sw_series*>(&of(host)->counted_[key]);
    }
    static void record(sw_series* series, double value) {
        *reinterpret_cast<double*>(series) += value;
    }

    static sw_status resolve(sw_host* host, sw_str, sw_str method, const sw_method** out,
                             sw_error*) {
        auto& names = of(host)->methods_;
        *out = reinterpret_cast<const sw_method*>(&names.emplace_back(to_view(method)));
        return SW_OK;
    }
    static sw_status call(sw_host* host, const sw_method* method, const sw_buffer* request,
                          const sw_context*, sw_reply_fn on_reply, void* ctx, std::uint64_t* id,
                          sw_buffer** reply, sw_error* error) {
        auto* self = of(host);
        const auto& name = *reinterpret_cast<const std::string*>(method);
        const std::string text(request->data, request->length);
        self->last_call_ = name + " " + text;
        auto answer = self->service_(name, text);
        if (self->defers_) {
            *id = 1;
            self->pending_.emplace_back([on_reply, ctx, answer] {
                if (answer) return on_reply(ctx, SW_OK, answer->get(), nullptr);
                ErrorSlot slot(answer.error());
                on_reply(ctx, answer.code(), nullptr, slot.get());
            });
            return SW_PENDING;
        }
        if (!answer) return fill_error(error, answer.error());
        *reply = answer->release();
        return SW_OK;
    }

    static sw_status watch(sw_host* host, sw_str,
                           void (*available)(void*, const void*, void*, sw_lease*),
                           void (*)(void*, sw_lease*), void* ctx, sw_error*) {
        of(host)->available_ = available;
        of(host)->watcher_ = ctx;
        return SW_OK;
    }

    static sw_status mount(void* self, sw_lease*, const sw_http_route* route, sw_error*) {
        static_cast<FakeHost*>(self)->mounted_.push_back(
            {.method = std::string(to_view(route->method)),
             .path = std::string(to_view(route->path)),
             .scope = std::string(to_view(route->scope)),
             .openapi = std::string(to_view(route->openapi)),
             .access = route->access,
             .flags = route->flags,
             .handle = route->handle,
             .ctx = route->ctx});
        return SW_OK;
    }
    static void respond(sw_http_exchange* exchange, const sw_http_response* response) {
        auto& answer = *reinterpret_cast<Answer*>(exchange);
        if (answer.status != 0) throw std::logic_error("answered twice");
        answer.status = response->status;
        for (std::size_t i = 0; i < response->header_count; ++i) {
            answer.headers.emplace(to_view(response->headers[i].name),
                                   to_view(response->headers[i].value));
        }
        if (response->body) answer.body.assign(response->body->data, response->body->length);
    }
    static void stream(sw_http_exchange* exchange, const sw_http_response* head,
                       void (*more)(void*, sw_http_exchange*), void* arg) {
        respond(exchange, head);
        auto& answer = *reinterpret_cast<Answer*>(exchange);
        answer.more = more;
        answer.more_arg = arg;
    }
    static void part(sw_http_exchange* exchange, const sw_buffer* bytes, int32_t is_last) {
        auto& answer = *reinterpret_cast<Answer*>(exchange);
        ++answer.parts;
        answer.is_broken = bytes == nullptr;
        answer.is_whole = bytes != nullptr && is_last != 0;
        if (bytes != nullptr) answer.body.append(bytes->data, bytes->length);
    }
    static void read_body(sw_http_exchange* exchange,
                          void (*got)(void*, const char*, std::size_t, std::int32_t), void* arg) {
        auto& answer = *reinterpret_cast<Answer*>(exchange);
        const auto piece = answer.unread.substr(0, answer.piece);
        answer.unread.remove_prefix(piece.size());
        got(arg, piece.data(), piece.size(),
            answer.unread.empty() ? SW_HTTP_BODY_LAST : SW_HTTP_BODY_MORE);
    }
    // Takes one part after the other, each of which must be given inside the call.
    static void take_parts(Answer& answer) {
        while (!answer.is_whole && !answer.is_broken) {
            const int before = answer.parts;
            answer.more(answer.more_arg, reinterpret_cast<sw_http_exchange*>(&answer));
            if (answer.parts == before) throw std::logic_error("a part was not given");
        }
        answer.more(answer.more_arg, nullptr);
    }
    static sw_buffer* routes(void* self) {
        boost::json::array list;
        for (const auto& route : static_cast<FakeHost*>(self)->mounted_) {
            list.push_back({{"method", route.method},
                            {"path", route.path},
                            {"access", route.access == SW_HTTP_OPEN ? "open" : "viewer"},
                            {"scope", route.scope},
                            {"openapi", route.openapi}});
        }
        return Buffer(boost::json::serialize(list)).release();
    }

    static const sw_clock_api& clock() {
        static const sw_clock_api table = [] {
            sw_clock_api out{};
            out.size = sizeof out;
            out.wall_ms = &wall_ms;
            out.monotonic_ns = &monotonic_ns;
            return out;
        }();
        return table;
    }
    static const sw_log_api& log() {
        static const sw_log_api table{sizeof(sw_log_api), 0, &logs, &write_log};
        return table;
    }
    static const sw_metrics_api& metrics() {
        static const sw_metrics_api table = [] {
            sw_metrics_api out{};
            out.size = sizeof out;
            out.series = &series;
            out.record = &record;
            return out;
        }();
        return table;
    }
    static const sw_services_api& services() {
        static const sw_services_api table = [] {
            sw_services_api out{};
            out.size = sizeof out;
            out.resolve = &resolve;
            out.call = &call;
            return out;
        }();
        return table;
    }
    static const sw_interfaces_api& interfaces() {
        static const sw_interfaces_api table = [] {
            sw_interfaces_api out{};
            out.size = sizeof out;
            out.watch = &watch;
            return out;
        }();
        return table;
    }
    static const sw_http_table& http() {
        static const sw_http_table table = [] {
            sw_http_table out{};
            out.size = sizeof out;
            out.mount = &mount;
            out.respond = &respond;
            out.routes = &routes;
            out.stream = &stream;
            out.part = &part;
            out.read_body = &read_body;
            return out;
        }();
        return table;
    }

    static const void* find(sw_host*, const char* name) {
        const std::string_view wanted(name);
        if (wanted == SW_BUFFER) return &kHeapBuffers;
        if (wanted == SW_CLOCK) return &clock();
        if (wanted == SW_LOG) return &log();
        if (wanted == SW_METRICS) return &metrics();
        if (wanted == SW_SERVICES) return &services();
        if (wanted == SW_INTERFACES) return &interfaces();
        return nullptr;
    }
};

FakeHost::FakeHost() {
    api_ = {sizeof api_, SW_ABI_MAJOR, SW_ABI_MINOR, reinterpret_cast<sw_host*>(this),
            &Tables::find};
}

void FakeHost::answer_calls() {
    for (auto& run : std::exchange(pending_, {}))
        run();
}

void FakeHost::bring_listener() {
    available_(watcher_, &Tables::http(), this, nullptr);
}

const Answer& FakeHost::request(std::string_view method, std::string_view path_template,
                                std::vector<std::string> parameters, std::string_view query,
                                std::string_view body, const Headers& headers) {
    const Mounted* route = nullptr;
    for (const auto& each : mounted_) {
        if (each.method == method && each.path == path_template) route = &each;
    }
    if (route == nullptr) throw std::logic_error("no such route: " + std::string(path_template));
    std::string path(path_template);
    std::vector<sw_str> values;
    for (const auto& parameter : parameters) {
        path.replace(path.find('{'), path.find('}') - path.find('{') + 1, parameter);
        values.push_back(to_str(parameter));
    }
    std::vector<sw_http_header> list;
    for (const auto& [name, value] : headers)
        list.push_back({to_str(name), to_str(value)});
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = to_str("user");
    context.principal_id = to_str(principal_id);
    context.role = to_str(role);
    context.request_id = to_str("req-1");
    context.deadline_ns = 5'000'000'000;
    sw_http_request raw{};
    raw.size = sizeof raw;
    raw.method = to_str(method);
    raw.path = to_str(path);
    raw.query = to_str(query);
    raw.parameters = values.data();
    raw.parameter_count = values.size();
    raw.headers = list.data();
    raw.header_count = list.size();
    const bool is_streamed = (route->flags & SW_HTTP_STREAMED_BODY) != 0;
    raw.body = to_str(is_streamed ? std::string_view() : body);
    raw.peer = to_str(peer);
    raw.flags = is_secure ? SW_HTTP_SECURE : 0;
    raw.context = &context;
    auto& answer = answers_.emplace_back();
    answer.unread = body;
    answer.piece = body_piece;
    route->handle(route->ctx, &raw, reinterpret_cast<sw_http_exchange*>(&answer));
    if (answer.more != nullptr) Tables::take_parts(answer);
    return answer;
}

}  // namespace streamwall::rest_api::testing
