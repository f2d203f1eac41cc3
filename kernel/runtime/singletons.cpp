// Leases of singletons, and who stands by for whom.
#include "runtime/singletons.hpp"

#include <fmt/format.h>

namespace streamwall::runtime {

Singletons::Singletons(const std::string& node, std::set<std::string> names, Parts parts)
    : node_(node),
      names_(std::move(names)),
      parts_(std::move(parts)),
      self_(std::make_shared<Party>()) {
    self_->instance = "kernel";
    self_->address = "kernel@" + node;
    self_->strand = parts_.control;
    self_->patient = true;
}

Singletons::~Singletons() {
    parts_.store.forget(*self_);
}

std::string Singletons::reason_to_wait(const std::string& instance) {
    if (!names_.contains(instance)) return {};
    auto& line = lines_[instance];
    if (!line.keeper) ask(instance, line);
    if (line.is_ours) return {};
    if (line.owner.empty()) return "stands by; the store has not said yet where it runs";
    return "stands by; runs on " + line.owner;
}

bool Singletons::stands_by(const std::string& instance) const {
    const auto found = lines_.find(instance);
    return found != lines_.end() && found->second.keeper && !found->second.is_ours;
}

void Singletons::ask(const std::string& instance, Line& line) {
    bus::LeaseEvents events;
    events.gained = [this, instance, &line](std::uint64_t) {
        line.is_ours = true;
        line.owner.clear();
        parts_.changed(instance, true);
    };
    events.lost = [this, instance, &line] {
        line.is_ours = false;
        parts_.changed(instance, false);
    };
    events.refused = [this, instance, &line](const std::string& owner) {
        if (std::exchange(line.owner, owner) != owner) parts_.changed(instance, false);
    };
    line.keeper = std::make_shared<bus::LeaseKeeper>(
        parts_.store, self_,
        bus::LeaseOptions{
            .name = "singleton/" + instance, .owner = node_, .outlives_silence = true},
        parts_.timers, parts_.clock, std::move(events));
    // Not from within the question: the answer may come at once.
    parts_.control->post_function([keeper = line.keeper] { keeper->start(); });
}

void Singletons::give_up(const std::string& instance) {
    const auto found = lines_.find(instance);
    if (found == lines_.end() || !found->second.keeper) return;
    auto& line = found->second;
    line.is_ours = false;
    line.owner.clear();
    std::exchange(line.keeper, nullptr)->stop([] {});
}

void Singletons::stop(std::function<void()> done) {
    auto left = std::make_shared<std::size_t>(lines_.size() + 1);
    const auto one_less = [left, done = std::move(done)] {
        if (--*left == 0) done();
    };
    for (auto& [instance, line] : lines_) {
        line.is_ours = false;
        const auto keeper = std::exchange(line.keeper, nullptr);
        if (keeper)
            keeper->stop(one_less);
        else
            one_less();
    }
    one_less();
}

}  // namespace streamwall::runtime
