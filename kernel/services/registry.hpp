// Registry: names of services → providers, and the calls between them.
//
// A method's Slot is made once and stays; a provider coming or going opens or closes its gate. So a
// resolved handle survives restarts, and an inline call costs a gate, a context copy and the
// handler.
#pragma once

#include "exec/gate.hpp"
#include "exec/timers.hpp"
#include "services/breaker.hpp"
#include "services/pending_calls.hpp"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::services {

struct Slot {
    Slot(std::string service_name, std::string method_name)
        : service(std::move(service_name)), method(std::move(method_name)) {}
    const std::string service;
    const std::string method;
    exec::Gate gate{false};
    // Written only while the gate is closed and empty.
    sw_method_fn handler = nullptr;
    void* ctx = nullptr;
    Party* provider = nullptr;
    // By status code, SW_OK…SW_UNAUTHENTICATED.
    std::array<std::atomic<std::uint64_t>, 17> calls{};
    void count(sw_status status) {
        const auto at = static_cast<std::size_t>(status >= 0 && status <= 16 ? status : 2);
        calls[at].fetch_add(1, std::memory_order_relaxed);
    }
};

// Carries calls between parties that do not share memory; see transport.
class Link {
  public:
    virtual ~Link() = default;
    virtual bool separates(const Party& caller, const Party& provider) const = 0;
    // Brings the request to the provider and the answer back into `call->answer`.
    virtual void carry(Slot& slot, const sw_buffer* request, const sw_context& context,
                       PendingCall* call) = 0;
};

// Brings calls to other processes, for services that nobody offers here; see transport/mesh.
class Remote {
  public:
    virtual ~Remote() = default;
    virtual bool reaches(const Slot& slot) const = 0;
    // Brings the request to a provider and the answer back into `call->answer`.
    virtual void carry(Slot& slot, const sw_buffer* request, const sw_context& context,
                       PendingCall* call) = 0;
    // The caller of a call that was carried does not want the answer any more.
    virtual void cancel(std::uint64_t call) = 0;
    // Providers came or went; Registry::list() says which are there.
    virtual void offers_changed() = 0;
};

}  // namespace streamwall::services

// A resolved name in the hands of one caller.
struct sw_method {
    streamwall::services::Slot* slot;
    streamwall::Party* caller;
    streamwall::services::Breaker* breaker;
};

namespace streamwall::services {

// Between plugins a pause only has to keep callers from queueing at one that fails: who works again
// is called again in a moment. Patience with the outside world is the plugins' own.
struct Options {
    int breaker_failures = 5;
    std::chrono::milliseconds breaker_pause{500};
};

class Registry {
  public:
    Registry(const exec::Clock& clock, exec::Timers& timers, std::shared_ptr<exec::Executor> kernel,
             Options options = {});
    ~Registry();

    // Prepares a provider; calls arrive after open(). ALREADY_EXISTS names who offers it now.
    Failure offer(Party& provider, std::string_view service, std::string_view method,
                  sw_method_fn handler, void* ctx);
    void open(Party& provider);
    // No call begins; those inside may finish within `limit` (false: they did not). Calls that the
    // provider still owes are answered UNAVAILABLE. The offers are gone afterwards.
    bool withdraw(Party& provider, std::chrono::milliseconds limit);

    const sw_method* resolve(Party& caller, std::string_view service, std::string_view method);
    // Ends every call of `caller` with CANCELLED; its handles become invalid once it is forgotten.
    void cancel_all(Party& caller);
    void forget_party(Party& caller);

    sw_status call(const sw_method& method, const sw_buffer* request, const sw_context* context,
                   sw_reply_fn on_reply, void* ctx, std::uint64_t* id, sw_buffer** reply,
                   sw_error* error);
    void cancel(Party& caller, std::uint64_t id);

    // For handlers (see sw_services_api).
    static sw_responder* defer(const sw_request* request);
    static void respond(sw_responder* responder, sw_status status, sw_buffer* reply,
                        const sw_error* error);

    // Serves a request that came over a link; `done` runs once, on any thread. `key` is how its
    // origin knows it, for cancel_remote().
    using RemoteReply = std::function<void(sw_status, const sw_buffer*, const Failure&)>;
    void serve_remote(Slot& slot, BufferRef request, ContextCopy context, RemoteReply done,
                      RemoteKey key = {});
    void cancel_remote(RemoteKey key);
    // The place of a method, which never moves; null where nobody has offered or called it yet.
    Slot* find(std::string_view service, std::string_view method) const;
    // A provider came back: who gave it up may call it again.
    void close_breakers(std::string_view service);

    void set_link(Link* link) { link_ = link; }
    // Before any call.
    void set_remote(Remote* remote) { remote_ = remote; }
    void forget(PendingCall& call) { pending_.forget(call); }

    struct Info {
        std::string service, method, provider;  // provider empty: none runs
        std::array<std::uint64_t, 17> calls;
    };
    std::vector<Info> list() const;
    struct BreakerInfo {
        std::string caller, service;
        Breaker::State state;
    };
    std::vector<BreakerInfo> breakers() const;
    std::size_t pending() const { return pending_.size(); }

  private:
    Slot& slot(std::string_view service, std::string_view method);
    // `provider` is null where another process serves it.
    PendingCall* make_pending(const sw_method& method, const Party* provider,
                              const sw_context& context, sw_reply_fn on_reply, void* ctx);
    // Makes a pending call whose answer comes later, whoever serves it.
    PendingCall* begin_pending(const sw_method& method, const Party* provider,
                               const sw_context& context, sw_reply_fn on_reply, void* ctx,
                               std::uint64_t* id);
    // Runs a request on its provider: inline for a parallel one, posted for a serial one.
    void dispatch(Slot& slot, BufferRef request, ContextCopy context, PendingCall* call);
    void track(PendingCall& call);
    void sweep();
    sw_status call_inline(const sw_method& method, const sw_buffer* request,
                          const sw_context& context, sw_reply_fn on_reply, void* ctx,
                          std::uint64_t* id, sw_buffer** reply, sw_error* error);

    const exec::Clock& clock_;
    exec::Timers& timers_;
    std::shared_ptr<exec::Executor> kernel_;
    const Options options_;
    Link* link_ = nullptr;
    Remote* remote_ = nullptr;
    mutable std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, std::unique_ptr<Slot>, std::less<>> slots_;
    std::map<Party*, std::vector<std::unique_ptr<sw_method>>> methods_;
    std::map<std::pair<Party*, std::string>, std::unique_ptr<Breaker>> breakers_;
    PendingCalls pending_;
    std::atomic<std::uint64_t> next_id_{1};
    std::atomic<bool> sweeping_{false};
    std::atomic<std::uint64_t> sweep_timer_{0};
    int quiet_sweeps_ = 0;
};

}  // namespace streamwall::services
