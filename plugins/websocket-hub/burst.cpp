#include "burst.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace streamwall::hub {

namespace {

// Fields whose every step is told: what subscribers filter by, and what has an event of its own.
constexpr std::array<std::string_view, 6> kSteps = {"status", "platform", "city",
                                                    "state",  "pinned",   "archived"};

bool has_step(std::string_view changes) {
    bool found = false;
    json::scan_members(changes, [&](std::string_view field, std::string_view) {
        found = std::ranges::find(kSteps, field) != kSteps.end();
        return !found;
    });
    return found;
}

bool may_merge(const HeldChange& older, const HeldChange& newer) {
    return older.action == "updated" && newer.action == "updated" &&
           !(has_step(older.changes) && has_step(newer.changes));
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
    out.append(out.size() > 1 ? R"(,")" : R"(")").append(name).append(R"(":)").append(value);
}

}  // namespace

std::string merge_changes(std::string_view older, std::string_view newer) {
    std::string out = "{";
    json::scan_members(older, [&](std::string_view field, std::string_view change) {
        const auto later = json::find_member(newer, field);
        if (later.empty()) {
            append_member(out, field, change);
            return true;
        }
        const auto from = json::find_member(change, "from");
        const auto to = json::find_member(later, "to");
        if (from != to) {
            const auto merged = std::string(R"({"from":)").append(from).append(R"(,"to":)");
            append_member(out, field, merged + std::string(to) + '}');
        }
        return true;
    });
    json::scan_members(newer, [&](std::string_view field, std::string_view change) {
        if (json::find_member(older, field).empty()) append_member(out, field, change);
        return true;
    });
    return out + '}';
}

bool Burst::begins(Time now) {
    if (options_.delay.count() <= 0) return false;
    if (now - window_ >= options_.delay) {
        // A window that nothing came in lies between.
        const bool is_next = now - window_ < 2 * options_.delay;
        is_busy_ = is_next && in_window_ > options_.calm;
        window_ = now;
        in_window_ = 0;
    }
    ++in_window_;
    return is_busy_ || in_window_ > options_.calm || !is_empty();
}

bool Burst::hold(HeldChange change, Time now) {
    if (is_empty()) since_ = now;
    bool is_merged = false;
    const auto [newest, is_first] = newest_.try_emplace(change.subject, changes_.size());
    if (!is_first) {
        auto& older = changes_[std::exchange(newest->second, changes_.size())];
        if (may_merge(older, change)) {
            change.changes = merge_changes(older.changes, change.changes);
            older = {};
            is_merged = true;
        }
    }
    changes_.push_back(std::move(change));
    return is_merged;
}

bool Burst::is_due(Time now) const {
    return !is_empty() && (changes_.size() >= options_.most || now - since_ >= options_.delay);
}

std::vector<HeldChange> Burst::take() {
    newest_.clear();
    auto out = std::exchange(changes_, {});
    std::erase_if(out, [](const HeldChange& change) { return change.subject.empty(); });
    return out;
}

}  // namespace streamwall::hub
