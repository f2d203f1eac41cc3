// Children: supervised processes of this program, joined to this one by the local transport.
#pragma once

#include "runtime/supervisor/supervisor.hpp"
#include "transport/local/broker.hpp"

#include <boost/json/array.hpp>

#include <condition_variable>

namespace streamwall::runtime {

class Children {
  public:
    // `changed` runs on the supervisor's thread.
    using Changed = std::function<void(const ChildStatus& status)>;
    // What a child says of itself beside its state; on the broker's thread.
    using Told = std::function<void(const std::string& child, const boost::json::array& details)>;
    Children(SupervisorOptions options, telemetry::Logger& log, Told told = {});
    ~Children();
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;

    void start(ChildSpec spec);
    // Until each child has said that it is ready or degraded, or has crashed, or stop_waiting(); at
    // most `limit`. Returns what they are then.
    std::vector<ChildStatus> wait_for_first_starts(std::chrono::milliseconds limit);
    void stop_waiting();  // [any]
    // Returns when all of them have ended.
    void stop_together(const std::vector<std::string>& names);
    std::vector<ChildStatus> statuses() const { return supervisor_.children(); }  // [any]
    void kill_all() { supervisor_.kill_all(); }

    const std::shared_ptr<transport::LocalBroker>& broker() const { return broker_; }

  private:
    // What callbacks of the broker, which others may keep alive, reach of this.
    struct Reach {
        std::mutex mutex;
        Supervisor* supervisor = nullptr;  // null once this has gone
    };
    SupervisorOptions joined(SupervisorOptions options);
    void note(const ChildStatus& status);

    const Changed changed_;
    const std::shared_ptr<transport::LocalBroker> broker_;
    const std::shared_ptr<Reach> reach_;
    std::mutex mutex_;
    std::condition_variable noted_;
    std::map<std::string, bool> settled_;  // had its first start
    bool impatient_ = false;
    Supervisor supervisor_;
    std::uint64_t statuses_ = 0;  // subscription
};

}  // namespace streamwall::runtime
