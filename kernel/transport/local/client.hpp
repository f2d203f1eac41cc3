// LocalClient: a child's end of the local transport, over the socket it inherited.
//
// The connection stands from the start and is lost for good when the host has gone: a child does
// not outlive its host.
#pragma once

#include "transport/local/callbacks.hpp"
#include "transport/local/link.hpp"

namespace streamwall::transport {

class LocalClient final : public Transport {
  public:
    explicit LocalClient(Descriptor socket, LocalLimits limits = {});
    ~LocalClient() override;

    Failure publish(std::string_view subject, std::string_view reply,
                    const BufferRef& body) override;
    Failure request(std::string_view subject, const BufferRef& body,
                    std::chrono::nanoseconds timeout, AnswerFn on_answer) override;
    std::expected<std::uint64_t, Failure> subscribe(std::string_view pattern,
                                                    std::string_view group,
                                                    MessageFn on_message) override;
    void unsubscribe(std::uint64_t id) override;
    void watch(StateFn on_state) override;

  private:
    bool accept(const WireFrame& frame, std::string& problem);
    void answer(const WireFrame& frame);
    void lost(const std::string& reason);
    void expire(std::uint64_t now_ns);
    Failure send(const WireFrame& frame, const BufferRef& body);

    Waiting waiting_;
    std::atomic<std::uint64_t> next_request_{1};
    exec::Loop loop_;
    Callbacks callbacks_;
    std::shared_ptr<WireLink> link_;
};

}  // namespace streamwall::transport
