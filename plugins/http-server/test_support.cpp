#include "test_support.hpp"

#include "text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <future>
#include <stdexcept>
#include <thread>

namespace streamwall::http_server::testing {
namespace {

constexpr int kPatienceMs = 5'000;

struct FakeBuffer {
    sw_buffer buffer;
    std::atomic<int> references;
};
std::atomic<std::int64_t> live_buffers{0};

sw_buffer* create_buffer(std::size_t length, char** writable) {
    char* memory = static_cast<char*>(::operator new(sizeof(FakeBuffer) + length + 1));
    auto* fake = new (memory) FakeBuffer{{sizeof(sw_buffer), 0, nullptr, length}, 1};
    char* data = memory + sizeof(FakeBuffer);
    data[length] = '\0';
    fake->buffer.data = data;
    *writable = data;
    ++live_buffers;
    return &fake->buffer;
}
FakeBuffer* from(const sw_buffer* buffer) {
    return reinterpret_cast<FakeBuffer*>(const_cast<sw_buffer*>(buffer));
}
void retain_buffer(const sw_buffer* buffer) {
    ++from(buffer)->references;
}
void release_buffer(const sw_buffer* buffer) {
    if (buffer == nullptr || --from(buffer)->references > 0) return;
    --live_buffers;
    ::operator delete(from(buffer));
}

}  // namespace

struct FakeTables {
    static FakeHost& host(sw_host* raw) { return *reinterpret_cast<FakeHost*>(raw); }
    static void write(sw_host* raw, int32_t, sw_str event, sw_str message, sw_str fields) {
        std::string line(to_view(event));
        line.append(" ").append(to_view(message)).append(" ").append(to_view(fields));
        const std::lock_guard lock(host(raw).mutex_);
        host(raw).log_.push_back(std::move(line));
    }
    static sw_series* series(sw_host* raw, int32_t, sw_str name, sw_str, const sw_str* labels,
                             std::size_t count, const double*, std::size_t) {
        std::string key(to_view(name));
        for (std::size_t i = 0; i < 2 * count; i += 2) {
            key.append(" ").append(to_view(labels[i])).append("=").append(to_view(labels[i + 1]));
        }
        const std::lock_guard lock(host(raw).mutex_);
        auto& entry = *host(raw).metrics_.emplace(key, 0).first;
        return reinterpret_cast<sw_series*>(&entry.second);
    }
    static void record(sw_series* series, double value) {
        // A histogram's observations are only counted as a sum here.
        auto& sum = *reinterpret_cast<double*>(series);
        std::atomic_ref<double>(sum).fetch_add(value);
    }
    static constexpr sw_buffer_api kBuffers = {sizeof(sw_buffer_api), 0, create_buffer,
                                               retain_buffer, release_buffer};
    static constexpr sw_log_api kLog = {sizeof(sw_log_api), 0,
                                        [](sw_host*, int32_t) -> int32_t { return 1; }, write};
    static constexpr sw_clock_api kClock = {
        sizeof(sw_clock_api), 0,
        [](sw_host*) -> std::int64_t {
            return std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                .count();
        },
        [](sw_host*) -> std::uint64_t {
            return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
        }};
    static constexpr sw_metrics_api kMetrics = {sizeof(sw_metrics_api), 0, series, record, nullptr};
};

FakeHost::FakeHost() = default;

Host FakeHost::host() {
    return {reinterpret_cast<sw_host*>(this), &FakeTables::kBuffers, &FakeTables::kLog,
            &FakeTables::kClock, &FakeTables::kMetrics};
}

std::int64_t FakeHost::live_buffers() const {
    return testing::live_buffers;
}

std::vector<std::string> FakeHost::log_lines() const {
    const std::lock_guard lock(mutex_);
    return log_;
}

double FakeHost::metric(const std::string& name_and_labels) const {
    const std::lock_guard lock(mutex_);
    const auto found = metrics_.find(name_and_labels);
    if (found == metrics_.end()) return -1;
    return std::atomic_ref<double>(const_cast<double&>(found->second)).load();
}

Body::Body(std::string_view text) {
    char* writable = nullptr;
    buffer_ = create_buffer(text.size(), &writable);
    std::memcpy(writable, text.data(), text.size());
}
Body::~Body() {
    release_buffer(buffer_);
}

Seen copy(const sw_http_request& request) {
    const auto text = [](sw_str value) { return std::string(to_view(value)); };
    Seen seen{.method = text(request.method),
              .target = text(request.target),
              .path = text(request.path),
              .query = text(request.query),
              .body = text(request.body),
              .peer = text(request.peer),
              .principal =
                  text(request.context->principal_type) + ":" + text(request.context->principal_id),
              .role = text(request.context->role),
              .request_id = text(request.context->request_id),
              .traceparent = text(request.context->traceparent)};
    for (std::size_t i = 0; i < request.parameter_count; ++i) {
        seen.parameters.push_back(text(request.parameters[i]));
    }
    for (std::size_t i = 0; i < request.header_count; ++i) {
        seen.headers[text(request.headers[i].name)] = text(request.headers[i].value);
    }
    seen.deadline_ns = request.context->deadline_ns;
    seen.is_secure = (request.flags & SW_HTTP_SECURE) != 0;
    const auto* home = request.context->home;
    seen.home_is_current = home->is_current(home->self) == 1;
    return seen;
}

void answer(sw_http_exchange* exchange, int status, std::string_view body,
            std::vector<std::pair<std::string, std::string>> headers) {
    const Body buffer(body);
    std::vector<sw_http_header> raw;
    for (const auto& [name, value] : headers)
        raw.push_back({to_sw(name), to_sw(value)});
    const sw_http_response response{sizeof response, status, raw.data(), raw.size(), buffer.get()};
    http_table()->respond(exchange, &response);
}

Options TestServer::quick_options() {
    Options options;
    options.listen = "127.0.0.1:0";
    options.loops = 2;
    options.rate_limits.reset();
    options.websocket_message_rate = 0;
    options.header_timeout = options.body_grace = std::chrono::milliseconds(300);
    options.linger_timeout = std::chrono::milliseconds(300);
    options.close_timeout = std::chrono::milliseconds(300);
    options.tick = std::chrono::milliseconds(10);
    return options;
}

TestServer::TestServer(Options options, std::unique_ptr<Authenticator> authenticator) {
    if (!authenticator) authenticator = std::make_unique<BootstrapKey>(kKey);
    server_ = std::make_unique<Server>(host_.host(), std::move(options), std::move(authenticator));
    server_->start();
}

TestServer::~TestServer() {
    server_->stop();
}

std::uint16_t TestServer::port() const {
    const auto& address = server_->address();
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

sw_status TestServer::mount(const RouteSpec& spec, Handler handler, sw_error* error) {
    auto& kept = handlers_.emplace_back(std::make_unique<Handler>(std::move(handler)));
    sw_http_route route{};
    route.size = sizeof route;
    route.access = spec.access;
    route.method = to_sw(spec.method);
    route.path = to_sw(spec.path);
    route.scope = to_sw(spec.scope);
    route.flags = spec.flags;
    route.timeout_ms = spec.timeout_ms;
    route.body_limit = spec.body_limit;
    route.ctx = kept.get();
    route.handle = [](void* ctx, const sw_http_request* request, sw_http_exchange* exchange) {
        (*static_cast<Handler*>(ctx))(*request, exchange);
    };
    return table().mount(server_.get(), lease(), &route, error);
}

sw_status TestServer::mount(EndpointSpec spec, sw_error* error) {
    auto& kept = endpoints_.emplace_back(std::make_unique<EndpointSpec>(std::move(spec)));
    sw_ws_endpoint endpoint{};
    endpoint.size = sizeof endpoint;
    endpoint.flags = kept->flags;
    endpoint.path = to_sw(kept->path);
    endpoint.protocols = to_sw(kept->protocols);
    endpoint.message_limit = kept->message_limit;
    endpoint.fragment_limit = kept->fragment_limit;
    endpoint.ctx = kept.get();
    endpoint.on_open = [](void* ctx, sw_ws_connection* connection, const sw_http_request* request,
                          sw_str protocol) -> void* {
        auto& self = *static_cast<EndpointSpec*>(ctx);
        if (self.on_open) self.on_open(connection, *request, to_view(protocol));
        return ctx;
    };
    endpoint.on_message = [](void* ctx, sw_ws_connection* connection, void* user, sw_str payload,
                             int32_t is_text) {
        auto& self = *static_cast<EndpointSpec*>(ctx);
        if (user == ctx && self.on_message) {
            self.on_message(connection, to_view(payload), is_text != 0);
        }
    };
    endpoint.on_close = [](void* ctx, sw_ws_connection* connection, void*, int32_t code) {
        auto& self = *static_cast<EndpointSpec*>(ctx);
        if (self.on_close) self.on_close(connection, code);
    };
    endpoint.on_written = [](void* ctx, sw_ws_connection* connection, void*) {
        auto& self = *static_cast<EndpointSpec*>(ctx);
        if (self.on_written) self.on_written(connection);
    };
    return table().mount_ws(server_.get(), lease(), &endpoint, error);
}

void TestServer::unmount() {
    std::promise<void> done;
    table().unmount(
        server_.get(), lease(),
        [](void* promise) { static_cast<std::promise<void>*>(promise)->set_value(); }, &done);
    done.get_future().wait();
}

void TestServer::drain(std::chrono::milliseconds limit) {
    std::promise<void> done;
    server_->drain(limit, [&] { done.set_value(); });
    done.get_future().wait();
}

Client::Client(std::uint16_t port, int receive_buffer, const char* from)
    : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (from != nullptr &&
        (::inet_pton(AF_INET, from, &address.sin_addr) != 1 ||
         ::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)) {
        ::close(descriptor_);
        throw std::runtime_error(std::string("bind: ") + std::strerror(errno));
    }
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(descriptor_);
        throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
    }
}

Client::~Client() {
    ::close(descriptor_);
}

bool Client::try_send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void Client::send(std::string_view bytes) {
    if (!try_send(bytes)) throw std::runtime_error(std::string("send: ") + std::strerror(errno));
}

void Client::shut_writing() {
    ::shutdown(descriptor_, SHUT_WR);
}

bool Client::fill() {
    pollfd wait{descriptor_, POLLIN, 0};
    if (::poll(&wait, 1, kPatienceMs) != 1) return false;
    char chunk[65536];
    const auto count = ::recv(descriptor_, chunk, sizeof chunk, 0);
    if (count <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(count));
    return true;
}

std::optional<Reply> Client::reply(bool head_only) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) return std::nullopt;
    }
    Reply reply;
    reply.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    reply.status = std::atoi(reply.head.c_str() + 9);
    for (std::size_t at = reply.head.find("\r\n") + 2; at < reply.head.size();) {
        const auto line_end = reply.head.find("\r\n", at);
        const auto line = std::string_view(reply.head).substr(at, line_end - at);
        const auto colon = line.find(": ");
        std::string name(line.substr(0, colon));
        lower_in_place(name.data(), name.size());
        reply.headers[name] = line.substr(colon + 2);
        at = line_end + 2;
    }
    const auto length = reply.headers.find("content-length");
    if (length != reply.headers.end() && !head_only) {
        reply.body = bytes(static_cast<std::size_t>(std::stoul(length->second)));
    }
    return reply;
}

std::string Client::bytes(std::size_t count) {
    while (buffer_.size() < count && fill()) {
    }
    std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, taken.size());
    return taken;
}

std::string Client::rest() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
}

bool Client::closed_within(std::chrono::milliseconds limit) {
    const auto end = Clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        pollfd wait{descriptor_, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) != 1)
            return false;
        char chunk[65536];
        const auto count = ::recv(descriptor_, chunk, sizeof chunk, 0);
        if (count <= 0) return true;
        buffer_.append(chunk, static_cast<std::size_t>(count));
    }
}

std::optional<Reply> Client::get(std::string_view path, std::string_view more_headers) {
    std::string request = "GET ";
    request.append(path).append(" HTTP/1.1\r\nHost: test\r\n").append(more_headers).append("\r\n");
    send(request);
    return reply();
}

Reply Client::upgrade(std::string_view path, std::string_view more_headers) {
    std::string headers =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    return get(path, headers.append(more_headers)).value_or(Reply());
}

void Client::frame(std::uint8_t first_byte, std::string_view payload) {
    send(masked_frame(first_byte, payload));
}

std::uint16_t Client::Message::close_code() const {
    if (payload.size() < 2) return 1005;
    return static_cast<std::uint16_t>((static_cast<std::uint8_t>(payload[0]) << 8) |
                                      static_cast<std::uint8_t>(payload[1]));
}

std::optional<Client::Message> Client::message() {
    const auto head = bytes(2);
    if (head.size() < 2) return std::nullopt;
    Message message{.first_byte = static_cast<std::uint8_t>(head[0])};
    std::size_t length = static_cast<std::uint8_t>(head[1]);
    if (length >= 126) {
        const auto more = bytes(length == 126 ? 2 : 8);
        length = 0;
        for (char c : more)
            length = (length << 8) | static_cast<std::uint8_t>(c);
    }
    message.payload = bytes(length);
    return message;
}

std::string masked_frame(std::uint8_t first_byte, std::string_view payload) {
    static constexpr char kMask[] = {'\x12', '\x34', '\x56', '\x78'};
    std::string frame(1, static_cast<char>(first_byte));
    if (payload.size() < 126) {
        frame += static_cast<char>(0x80 | payload.size());
    } else {
        const std::size_t bytes = payload.size() < 65536 ? 2 : 8;
        frame += static_cast<char>(bytes == 2 ? 0xFE : 0xFF);
        for (std::size_t i = bytes; i-- > 0;)
            frame += static_cast<char>(payload.size() >> (8 * i));
    }
    frame.append(kMask, 4);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        frame += static_cast<char>(payload[i] ^ kMask[i % 4]);
    }
    return frame;
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto end = Clock::now() + limit;
    while (!condition()) {
        if (Clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace streamwall::http_server::testing
