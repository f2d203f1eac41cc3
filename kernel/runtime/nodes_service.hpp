// NodesService: `kernel.nodes`, through which plugins and the command line steer all nodes.
//
// Every process offers it; the one that is asked forwards what concerns another. All methods but
// `schemas` need the role admin.
//   list      {}                       → {"nodes":[{"node","peer","state","health","version","pid",
//                                        "plugins":[…]}]}, the own node first; what does not answer
//                                        in time, or is in the configuration and nobody has heard
//                                        of it, has the state "unreachable" and a "reason"
//   plugins   {"node"}                 → one of these
//   enable    {"node","plugin"}        → {"plugin":{name, state, health, …}}, once it is done
//   disable, restart, reset            likewise
//   reconfigure {"node","plugin","settings"}  likewise; null takes a setting back
//   plan      {"node"}                 → what reload would do, see Node::plan
//   reload    {"node"}                 → {"changes":[{instance, action, changed}]}
//   schemas   {"node"}                 → {"schemas":[{"type","version","plugin","schema"}]} of that
//                                        node, or of all where none is named; each type and version
//                                        once, the own first
//   document  {"node","what"}          → a document of Node::introspect; text as a string
//   dead_letters {"node","after","offset","limit"}  → {"dead_letters":[…],"count"}, as the journal
//                                        of that node lists them, each with its "node" and without
//                                        the event's data; of all nodes where none is named, the
//                                        own first, with "unreachable": names of those not asked
//   dead_letter {"node","id"}          → one of them, whole
//   dead_letter_retry, dead_letter_drop {"node","id"}  → {"id","node"}, which is gone then; a retry
//                                        looks for the subscription on all nodes, and that fails
//                                        again, or does not run, is ABORTED as failed orders are
//   redeliver {"node","name","event"}  → {}: to that subscription; NOT_FOUND where it does not run
//   tap       {"node","pattern"}       → {"tap":id,"events":[envelopes],"dropped":n}; asked again
//                                        with "tap" it waits up to 5 s for more events, and who
//                                        does not ask for 15 s is forgotten
// `node` is left out for the node that is asked. Where the answer has to pass through the very
// plugin that the order concerns, the answer is {"accepted":true,"plugin":{…}} and the order is
// carried out a moment later. An order that fails for reasons of the plugin is ABORTED, with the
// code "order_failed" in its details. A node that does not answer is NOT_FOUND, like one that
// nobody knows: callers keep a breaker for this service, and one node must not open it for all.
#pragma once

#include "bus/journal_client.hpp"
#include "services/registry.hpp"
#include "telemetry/log.hpp"

#include <boost/json/object.hpp>

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace streamwall::runtime {

class NodesService {
  public:
    static constexpr const char* kName = "kernel.nodes";

    using Done = std::function<void(std::expected<boost::json::value, Failure>)>;

    // This process. Functions may be called from any thread; `done` runs on any.
    struct Local {
        std::string node;
        bool is_host = true;               // else an isolated part of the node
        std::set<std::string> expected{};  // names of other nodes that should be there
        // {"node","peer","state",…,"plugins":[…]} of this process alone
        std::function<boost::json::object()> describe;
        std::function<void(const std::string& order, const std::string& plugin,
                           const boost::json::object& settings, std::function<void(Failure)> done)>
            order;
        std::function<void(Done done)> plan, reload;
        std::function<std::optional<std::string>(const std::string& what)> document;
        std::function<std::uint64_t(const std::string& pattern,
                                    std::function<void(const std::string& envelope)> seen)>
            tap;
        std::function<void(std::uint64_t id)> untap;
        // Whether an answer to `caller` goes through `plugin`.
        std::function<bool(std::string_view caller, const std::string& plugin)> carries;
        bus::JournalPort* journal = nullptr;  // of this node; outlives the service
        std::function<bool()> keeps_journal;  // whether this process should have one
        // Hands an event to a subscription of that name once more; false where there is none.
        std::function<bool(const std::string& subscription, const bus::EventPtr& event,
                           std::function<void(sw_status)> done)>
            redeliver;
    };

    // Other processes.
    struct Peer {
        std::string peer, node, isolation, version;
    };
    struct Peers {
        std::function<std::vector<Peer>()> list;
        std::function<void(const std::string& peer, const std::string& method,
                           const BufferRef& body, const sw_context& context,
                           std::function<void(std::expected<BufferRef, Failure>)> done)>
            call;
    };

    // All outlive it; `party` is serial and offers the service from now on.
    NodesService(services::Registry& services, Party& party, exec::Timers& timers,
                 const exec::Clock& clock, telemetry::Logger& log, Local local, Peers peers);
    ~NodesService();

  private:
    struct Request {
        std::string method;
        boost::json::object body;
        BufferRef raw;
        ContextCopy context;

        std::string text(std::string_view name) const;  // empty where it is no text
        std::shared_ptr<Request> with(std::string method, boost::json::object body) const;
        std::string principal() const;  // who asks, for the log
        // Set by this service on what it forwards inside a node: for that process alone.
        bool is_for_here() const { return body.contains("here"); }
        bool is_order() const;
    };
    using RequestPtr = std::shared_ptr<const Request>;
    struct Gather;
    struct Tap;
    struct LetterPage;

    static sw_status handle(void* self, const sw_request* request, sw_buffer** reply,
                            sw_error* error);
    void dispatch(const RequestPtr& request, Done done);
    void forward(const std::string& peer, const RequestPtr& request, Done done);
    void to_children(const RequestPtr& request, std::vector<std::string> children, Done done);
    void carry_out(const RequestPtr& request, Done done);
    void describe_node(const RequestPtr& request, Done done);
    void document(const RequestPtr& request, const Done& done) const;
    void list_schemas(const RequestPtr& request, Done done);
    void tap(const RequestPtr& request, Done done);
    void watch_tap(const std::shared_ptr<Tap>& tap);
    void list_nodes(const RequestPtr& request, Done done);
    // nodes_dead_letters.cpp
    void dead_letters(const RequestPtr& request, Done done);
    void own_letters(const std::shared_ptr<LetterPage>& page);
    void letters_of_all(const RequestPtr& request, const std::shared_ptr<LetterPage>& page);
    void find_letter(std::int64_t id, Done done);
    void take_letter(std::int64_t id, Done done);
    void retry_letter(const RequestPtr& request, std::int64_t id, Done done);
    void log_order(const RequestPtr& request, std::int64_t id);
    void find_subscription(const RequestPtr& wanted, std::vector<std::string> nodes, Done done);
    void redeliver(const RequestPtr& request, Done done);
    void redeliver_to(const RequestPtr& request, std::vector<std::string> parts, Done done);
    std::vector<std::string> children() const;
    std::vector<Peer> other_nodes() const;  // by name
    boost::json::array absent(const std::vector<Peer>& hosts) const;
    bool has_plugin(const std::string& plugin) const;
    boost::json::object answer_for(const std::string& plugin) const;
    std::string unknown_node(const std::string& node) const;
    ContextCopy impatient(const sw_context& context) const;

    exec::Timers& timers_;
    const exec::Clock& clock_;
    telemetry::Logger& log_;
    Party& party_;
    const Local local_;
    const Peers peers_;
    std::mutex taps_mutex_;
    std::map<std::string, std::shared_ptr<Tap>> taps_;
    std::uint64_t next_tap_ = 1;
};

}  // namespace streamwall::runtime
