// Peer: the plugin instance through which a test takes part. It stands in for neighbours that are
// not there and calls and publishes in the test's name, all over the same C tables as any plugin.
#pragma once

#include "streamwall/testing/host.hpp"

#include "exec/buffer.hpp"

#include <streamwall/bus.h>
#include <streamwall/host.h>
#include <streamwall/plugin.h>
#include <streamwall/service.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace streamwall::testing {

inline constexpr std::string_view kPeerName = "test-host";

class Peer {
  public:
    // What serves a request; the context is borrowed.
    using Server = std::function<Answer(const Call& call, const sw_context& context)>;

    Peer();
    ~Peer();
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    // Before start, or to replace what was there. [any]
    void serve(const std::string& service, const std::string& method, Server server);
    bool serves(const std::string& service) const;

    // What the kernel gets in the place of a file.
    std::string manifest() const;
    const sw_plugin_entry* entry() const { return &entry_; }
    std::string settings() const;  // leads create() back to this object

    // While it runs: `done` is called exactly once, on the instance's strand.
    void call(const std::string& service, const std::string& method, const std::string& body,
              const Principal& principal, std::chrono::milliseconds timeout,
              std::function<void(Answer)> done);
    // What a journal tells the host; see <streamwall/bus.h>. [as committed()]
    void committed(const sw_event& event);
    std::int64_t wall_ms() const { return clock_->wall_ms(api_->host); }
    std::int64_t monotonic_ms() const {
        return static_cast<std::int64_t>(clock_->monotonic_ns(api_->host) / 1'000'000);
    }

  private:
    struct Method;
    struct Late;
    static sw_status create(const sw_host_api* api, sw_str settings, void** self, sw_error* error);
    static sw_status stop(void* self, sw_error* error);
    static sw_status answer_request(void* ctx, const sw_request* request, sw_buffer** reply,
                                    sw_error* error);
    sw_status offer_all(const sw_host_api* api, sw_error* error);
    void answer_later(const sw_request& request, Answer answer);

    const sw_plugin_api table_;
    const sw_plugin_entry entry_;
    mutable std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, std::unique_ptr<Method>> methods_;

    const sw_host_api* api_ = nullptr;  // from create() to stop()
    const sw_services_api* services_ = nullptr;
    const sw_executor_api* executor_ = nullptr;
    const sw_clock_api* clock_ = nullptr;
    const sw_journal_api* journal_ = nullptr;
    std::set<Late*> late_;  // answers that wait for their time; on the strand
};

}  // namespace streamwall::testing
