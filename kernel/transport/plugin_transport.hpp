// PluginTransport: a transport that a plugin offers as streamwall.transport/1.
#pragma once

#include "exec/gate.hpp"
#include "transport/transport.hpp"

#include <map>
#include <memory>
#include <mutex>

namespace streamwall::transport {

// Thread-safe. The table must stay usable until close() has returned.
class PluginTransport final : public Transport {
  public:
    PluginTransport(const sw_transport_api& table, void* self) : table_(table), self_(self) {}
    ~PluginTransport() override;

    // Ends the watcher and every subscription. Later calls are refused, so that whoever still has
    // this transport cannot reach a plugin that was stopped.
    void close();

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
    const sw_transport_api& table_;
    void* const self_;
    exec::Gate gate_;  // held by every call into the table
    std::mutex mutex_;
    // What the table's callbacks get; shared within, since a callback may end its own subscription.
    using Subscribed = std::shared_ptr<MessageFn>;
    using Watched = std::shared_ptr<StateFn>;
    std::map<std::uint64_t, std::unique_ptr<Subscribed>> subscriptions_;
    std::unique_ptr<Watched> watcher_;
};

}  // namespace streamwall::transport
