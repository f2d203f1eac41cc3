#include "worker.hpp"

#include "exchange.hpp"
#include "http_session.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <random>

namespace streamwall::http_server {
namespace {

constexpr std::size_t kReadBuffer = 64 * 1024;
constexpr std::size_t kSpareOutputs = 32;
constexpr std::size_t kSpareOutputBytes = 64 * 1024;  // a larger one is not worth keeping

constexpr double kDurationBounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                      0.1,    0.25,  0.5,    1,     2.5,  5};

std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

}  // namespace

Worker::Worker(Services& shared, std::size_t index)
    : services(shared),
      loop(shared.options.tick,
           [this](std::string_view what) {
               services.host.write(SW_LOG_ERROR, "http.session_failed",
                                   "a connection was closed by an exception", {{"what", what}});
           }),
      fan_out(*this, index),
      read_buffer(kReadBuffer),
      key_traffic(shared.key_names),
      queued_limit(
          static_cast<std::int64_t>(shared.options.websocket_total_limit / shared.options.loops)) {
    std::random_device random;
    for (auto& word : id_state_)
        word = (static_cast<std::uint64_t>(random()) << 32) | random();
}

Worker::~Worker() {
    loop.stop();
}

void Worker::report_traffic() {
    traffic.report(services.host, services.traffic);
}

const Router& Worker::router() {
    const auto generation = services.board.generation();
    if (generation != generation_) {
        router_ = services.board.get();
        generation_ = generation;
    }
    return *router_;
}

std::string_view Worker::date() {
    const std::int64_t now = services.host.clock->wall_ms(services.host.self) / 1000;
    if (now == date_second_) return date_;
    date_second_ = now;
    const std::time_t time = now;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> text{};
    const int length =
        std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                      kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon],
                      parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
    date_.assign(text.data(), static_cast<std::size_t>(length));
    return date_;
}

char* Worker::append_unique(std::size_t counter, char* to) {
    static constexpr char kHex[] = "0123456789abcdef";
    id_state_[counter] += 0x9E3779B97F4A7C15u;
    auto word = mix(id_state_[counter]);
    for (std::size_t i = 0; i < 16; ++i, word >>= 4)
        *to++ = kHex[word & 15];
    return to;
}

void Worker::make_request_id(Answer& answer) {
    std::array<char, 32> text;
    append_unique(1, append_unique(0, text.data()));
    answer.set_id({text.data(), text.size()});
}

std::string_view Worker::begin_trace(Traceparent& text) {
    static constexpr std::string_view kVersion = "00-";
    static constexpr std::string_view kNotSampled = "-00";  // nobody collects spans here
    char* at = std::ranges::copy(kVersion, text.data()).out;
    at = append_unique(1, append_unique(0, at));
    *at++ = '-';
    std::ranges::copy(kNotSampled, append_unique(0, at));
    return {text.data(), text.size()};
}

std::unique_ptr<Output> Worker::take_output() {
    if (spare_outputs_.empty()) return std::make_unique<Output>();
    auto output = std::move(spare_outputs_.back());
    spare_outputs_.pop_back();
    return output;
}

void Worker::give_output(std::unique_ptr<Output> output) {
    if (spare_outputs_.size() >= kSpareOutputs || output->text().capacity() > kSpareOutputBytes)
        return;
    output->clear();
    spare_outputs_.push_back(std::move(output));
}

void Worker::adopt(int descriptor, PeerAddress peer) {
    Socket socket(loop, descriptor);
    if (services.options.tls) socket.secure(services.options.tls->accept(descriptor));
    const boost::intrusive_ptr<HttpSession> session(
        new HttpSession(*this, std::move(socket), std::move(peer)));
    add(*session);
    // What was counted ahead.
    load.fetch_sub(1, std::memory_order_relaxed);
    services.connections.fetch_sub(1, std::memory_order_relaxed);
    session->start();
}

void Worker::add(Session& session) {
    session.position = static_cast<std::uint32_t>(sessions_.size());
    sessions_.push_back(&session);
    intrusive_ptr_add_ref(&session);
    load.fetch_add(1, std::memory_order_relaxed);
    services.connections.fetch_add(1, std::memory_order_relaxed);
    services.host.record(services.active_connections, 1);
    traffic.connection_bytes += static_cast<std::int64_t>(session.memory());
}

void Worker::remove(Session& session) {
    Session* last = sessions_.back();
    sessions_[session.position] = last;
    last->position = session.position;
    sessions_.pop_back();
    load.fetch_sub(1, std::memory_order_relaxed);
    services.connections.fetch_sub(1, std::memory_order_relaxed);
    services.host.record(services.active_connections, -1);
    traffic.connection_bytes -= static_cast<std::int64_t>(session.memory());
    report_traffic();
    intrusive_ptr_release(&session);
    if (sessions_.empty() && when_empty_) loop.post(std::exchange(when_empty_, nullptr));
}

std::vector<SessionPtr> Worker::sessions() const {
    return {sessions_.begin(), sessions_.end()};
}

void Worker::when_empty(std::move_only_function<void()> task) {
    if (sessions_.empty()) return task();
    when_empty_ = std::move(task);
}

sw_http_exchange* Worker::make_exchange() {
    if (spare_exchanges_.empty()) {
        exchanges_.push_back(std::make_unique<sw_http_exchange>());
        exchanges_.back()->worker = this;
        return exchanges_.back().get();
    }
    auto* exchange = spare_exchanges_.back();
    spare_exchanges_.pop_back();
    return exchange;
}

void Worker::free_exchange(sw_http_exchange* exchange) {
    exchange->session = nullptr;
    exchange->answer.route.reset();
    exchange->opener = {};
    spare_exchanges_.push_back(exchange);
}

std::optional<std::string> Worker::compress(std::string_view body) {
    if (body.size() > services.options.compress_max) return std::nullopt;
    if (!gzip_) gzip_ = std::make_unique<Gzip>();
    return gzip_->compress(body);
}

MessageDeflater& Worker::deflater() {
    if (!deflater_) deflater_ = std::make_unique<MessageDeflater>();
    return *deflater_;
}

MessageInflater& Worker::inflater() {
    if (!inflater_) inflater_ = std::make_unique<MessageInflater>();
    return *inflater_;
}

void Worker::log_answer(const Answer& answer, int status) const {
    const std::chrono::duration<double, std::milli> took = Clock::now() - answer.started;
    boost::json::object fields{{"status", status}, {"ms", took.count()}};
    if (answer.route) {
        fields["method"] = answer.route->method;
        fields["path"] = answer.route->path;
    }
    fields["request_id"] = answer.id();
    services.host.write(SW_LOG_DEBUG, "http.answered", "a request was answered", fields);
}

void Worker::measure(const Answer& answer, int status) {
    const auto& host = services.host;
    if (host.is_logged(SW_LOG_DEBUG)) [[unlikely]]
        log_answer(answer, status);
    if (host.metrics == nullptr || status < 100 || status > 599) return;
    RouteMetrics& metrics = answer.route ? *answer.route->metrics : services.unmatched;
    const std::string_view method = answer.route ? std::string_view(answer.route->method) : "other";
    const std::string_view endpoint =
        answer.route ? std::string_view(answer.route->path) : "unmatched";
    auto& requests = metrics.requests[static_cast<std::size_t>(status - 100)];
    auto* counter = requests.load(std::memory_order_acquire);
    if (counter == nullptr) {
        counter = host.series(
            SW_COUNTER, "streamwall_http_server_requests_total", "Requests answered",
            {{"method", method}, {"endpoint", endpoint}, {"status", std::to_string(status)}});
        requests.store(counter, std::memory_order_release);
    }
    auto* duration = metrics.duration.load(std::memory_order_acquire);
    if (duration == nullptr) {
        duration = host.series(SW_HISTOGRAM, "streamwall_http_server_request_duration_seconds",
                               "From the end of a request's head to its answer",
                               {{"method", method}, {"endpoint", endpoint}}, kDurationBounds,
                               std::size(kDurationBounds));
        metrics.duration.store(duration, std::memory_order_release);
    }
    host.record(counter, 1);
    host.record(duration, std::chrono::duration<double>(Clock::now() - answer.started).count());
}

}  // namespace streamwall::http_server
