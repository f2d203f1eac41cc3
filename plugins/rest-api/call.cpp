#include "call.hpp"

#include "media_types.hpp"

#include <streamwall/contracts/record.hpp>

namespace streamwall::rest_api {

RouteMetrics::RouteMetrics(const Host& host, std::string_view method, std::string_view endpoint)
    : host_(host),
      method_(method),
      endpoint_(endpoint),
      duration_(host.histogram("streamwall_rest_api_request_duration_seconds",
                               "From the request's arrival to its answer.",
                               {{"method", method}, {"endpoint", endpoint}},
                               {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                0.1, 0.25, 0.5, 1, 2.5, 5})) {}

RouteMetrics::~RouteMetrics() {
    for (auto& counter : counters_)
        delete counter.load(std::memory_order_acquire);
}

void RouteMetrics::record(int status, std::uint64_t started_ns) {
    duration_.observe(static_cast<double>(now_ns() - started_ns) * 1e-9);
    if (status >= kFirstStatus && status < kFirstStatus + kStatuses) counter(status).add();
}

const Series& RouteMetrics::counter(int status) {
    auto& slot = counters_[static_cast<std::size_t>(status - kFirstStatus)];
    if (const auto* known = slot.load(std::memory_order_acquire)) return *known;
    auto made = std::make_unique<Series>(host_.counter(
        "streamwall_rest_api_requests_total", "Requests answered.",
        {{"method", method_}, {"endpoint", endpoint_}, {"status", std::to_string(status)}}));
    const Series* none = nullptr;
    // Another thread may have made it meanwhile; both are the same series of the host.
    if (slot.compare_exchange_strong(none, made.get())) return *made.release();
    return *none;
}

Call::Call(RouteMetrics& metrics, const http::Request& request, http::Exchange exchange)
    : metrics_(&metrics),
      exchange_(std::move(exchange)),
      started_ns_(metrics.now_ns()),
      path_size_(request.path().size()) {
    const auto id = to_view(request.context().request_id);
    texts_.reserve(path_size_ + id.size());
    texts_.append(request.path()).append(id);
}

void Call::send(http::Response& response) {
    if (tap_) [[unlikely]]
        tap_->send(std::move(exchange_), response);
    else
        exchange_.send(response);
    metrics_->record(response.status(), started_ns_);
}

void Call::send_record(int status, const Buffer& record) {
    const RecordTag tag(record.view());
    http::Response response(status, record);
    send(response.header("content-type", kJsonType).header("etag", tag.text()));
}

void Call::send_empty(int status) {
    http::Response response(status);
    send(response);
}

void Call::stream(http::Response& head, std::unique_ptr<http::Source> source) {
    exchange_.stream(head, std::move(source));
    metrics_->record(head.status(), started_ns_);
}

void Call::fail(const Problem& problem) {
    const auto id = std::string_view(texts_).substr(path_size_);
    http::Response response(problem.status, render(problem, path(), id));
    const auto wait = std::to_string(problem.retry_after);
    response.header("content-type", kProblemType);
    if (problem.retry_after > 0) response.header("retry-after", wait);
    // RFC 9110 15.5.2: who is turned away is told how to come in.
    if (problem.status == 401) response.header("www-authenticate", R"(Bearer realm="streamwall")");
    send(response);
}

RecordTag::RecordTag(std::string_view record) {
    const auto version = contracts::record_version_text(record);
    if (version.empty() || version.size() + 2 > sizeof text_) return;
    text_[size_++] = '"';
    version.copy(text_ + size_, version.size());
    size_ += version.size();
    text_[size_++] = '"';
}

}  // namespace streamwall::rest_api
