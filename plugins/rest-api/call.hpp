// One request on its way through the interface: answered once, counted once.
#pragma once

#include "problem.hpp"

#include <streamwall/sdk/http.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

namespace streamwall::rest_api {

// Series of one route, made when they are first needed. Lives as long as the plugin. [any thread]
class RouteMetrics {
  public:
    RouteMetrics(const Host& host, std::string_view method, std::string_view endpoint);
    RouteMetrics(const RouteMetrics&) = delete;
    RouteMetrics& operator=(const RouteMetrics&) = delete;
    ~RouteMetrics();
    void record(int status, std::uint64_t started_ns);
    std::uint64_t now_ns() const { return host_.monotonic_ns(); }

  private:
    static constexpr int kFirstStatus = 200;
    static constexpr int kStatuses = 400;

    const Series& counter(int status);

    const Host& host_;
    std::string method_;
    std::string endpoint_;
    Series duration_;
    std::array<std::atomic<const Series*>, kStatuses> counters_{};
};

// Takes an answer instead of the client, and sends it on.
class AnswerTap {
  public:
    virtual ~AnswerTap() = default;
    virtual void send(http::Exchange exchange, http::Response& response) = 0;
};

// Movable; what a problem document needs of the request is copied, the rest ends with the handler.
class Call {
  public:
    Call(RouteMetrics& metrics, const http::Request& request, http::Exchange exchange);

    void send(http::Response& response);
    // Sends a JSON body, with the version that it ends in as its strong tag.
    void send_record(int status, const Buffer& record);
    void send_empty(int status);
    // An answer in parts; counted when it begins. Not for one that is tapped.
    void stream(http::Response& head, std::unique_ptr<http::Source> source);
    bool is_tapped() const { return tap_ != nullptr; }
    // Where the route takes its body in pieces.
    http::Body body() const { return exchange_.body(); }
    void fail(const Problem& problem);

    // From now on answers go there.
    void tap(std::unique_ptr<AnswerTap> tap) { tap_ = std::move(tap); }

    std::string_view path() const { return std::string_view(texts_).substr(0, path_size_); }

  private:
    RouteMetrics* metrics_;
    http::Exchange exchange_;
    std::uint64_t started_ns_;
    std::string texts_;  // path, then request id: one allocation
    std::size_t path_size_;
    std::unique_ptr<AnswerTap> tap_;  // usually none
};

// `"5"` for the record of version 5, in a small buffer of its own.
class RecordTag {
  public:
    explicit RecordTag(std::string_view record);
    std::string_view text() const { return {text_, size_}; }

  private:
    char text_[24];
    std::size_t size_ = 0;
};

}  // namespace streamwall::rest_api
