#include "runtime/supervisor/children.hpp"

#include "runtime/supervisor/parent.hpp"

#include <algorithm>
#include <future>

namespace streamwall::runtime {

Children::Children(SupervisorOptions options, telemetry::Logger& log, Told told_details)
    : changed_(options.changed),
      broker_(std::make_shared<transport::LocalBroker>()),
      reach_(std::make_shared<Reach>()),
      supervisor_(joined(std::move(options)), log) {
    reach_->supervisor = &supervisor_;
    const auto prefix = status_subject("");
    const auto subscribed = broker_->subscribe(
        prefix + "*", {}, [this, prefix, told_details](const transport::Message& message) {
            const auto told = decode_status(view(message.body));
            if (!told) return;
            const std::string child(message.subject.substr(prefix.size()));
            if (told_details) told_details(child, told->details);
            supervisor_.report(child, told->state, told->reason);
        });
    statuses_ = *subscribed;
}

Children::~Children() {
    broker_->unsubscribe(statuses_);
    std::lock_guard lock(reach_->mutex);
    reach_->supervisor = nullptr;
}

SupervisorOptions Children::joined(SupervisorOptions options) {
    options.open_link = [this](const std::string& child, std::uint64_t start) {
        return broker_->add_client([reach = reach_, child, start](const std::string& reason) {
            std::lock_guard lock(reach->mutex);
            if (reach->supervisor) reach->supervisor->link_lost(child, start, reason);
        });
    };
    options.changed = [this](const ChildStatus& status) { note(status); };
    return options;
}

void Children::note(const ChildStatus& status) {
    {
        std::lock_guard lock(mutex_);
        if (status.state != ChildState::starting || status.starts > 1) {
            settled_[status.name] = true;
        }
        noted_.notify_all();
    }
    if (changed_) changed_(status);
}

void Children::start(ChildSpec spec) {
    {
        std::lock_guard lock(mutex_);
        settled_.emplace(spec.name, false);
    }
    supervisor_.start(std::move(spec));
}

std::vector<ChildStatus> Children::wait_for_first_starts(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    noted_.wait_for(lock, limit, [this] {
        return impatient_ ||
               std::ranges::all_of(settled_, [](const auto& one) { return one.second; });
    });
    return supervisor_.children();
}

void Children::stop_waiting() {
    std::lock_guard lock(mutex_);
    impatient_ = true;
    noted_.notify_all();
}

void Children::stop_together(const std::vector<std::string>& names) {
    std::vector<std::future<void>> ends;
    for (const auto& name : names) {
        auto ended = std::make_shared<std::promise<void>>();
        ends.push_back(ended->get_future());
        supervisor_.stop(name, [ended] { ended->set_value(); });
    }
    for (const auto& end : ends)
        end.wait();
}

}  // namespace streamwall::runtime
