#include "resting.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json.hpp>

#include <vector>

namespace streamwall::catalog {
namespace {

std::string text_of(const boost::json::object& values, std::string_view name) {
    const auto* value = values.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

// The URL first; then the streamer, by the record or by the name.
std::vector<std::string> keys_of(const boost::json::object& values) {
    std::vector<std::string> out{"url " + text_of(values, "url")};
    const auto platform = text_of(values, "platform");
    if (platform.empty() || platform == "other") return out;
    const auto* streamer = values.if_contains("streamer_id");
    if (streamer != nullptr && streamer->is_int64()) {
        out.push_back("id " + platform + " " + std::to_string(streamer->get_int64()));
    }
    const auto name = text_of(values, "streamer_name");
    if (!name.empty()) out.push_back("name " + platform + " " + model::to_lower(name));
    return out;
}

}  // namespace

void Resting::add(std::string_view record, std::uint64_t until_ns, std::uint64_t now_ns) {
    const auto values = json::parse_object(record);
    if (!values || until_ns <= now_ns) return;
    const Entry entry{contracts::record_id(record), until_ns};
    const std::lock_guard lock(mutex_);
    drop_expired(now_ns);
    if (entries_.size() >= kMost) return;
    for (auto& key : keys_of(*values))
        entries_.insert_or_assign(std::move(key), entry);
    is_empty_.store(entries_.empty(), std::memory_order_relaxed);
}

std::int64_t Resting::find(const boost::json::object& values, std::uint64_t now_ns) const {
    if (is_empty_.load(std::memory_order_relaxed)) return 0;
    const auto keys = keys_of(values);
    const std::lock_guard lock(mutex_);
    for (const auto& key : keys) {
        const auto found = entries_.find(key);
        if (found != entries_.end() && found->second.until_ns > now_ns) return found->second.id;
    }
    return 0;
}

void Resting::forget(std::int64_t id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [id](const auto& entry) { return entry.second.id == id; });
    is_empty_.store(entries_.empty(), std::memory_order_relaxed);
}

void Resting::drop_expired(std::uint64_t now_ns) {
    std::erase_if(entries_,
                  [now_ns](const auto& entry) { return entry.second.until_ns <= now_ns; });
}

}  // namespace streamwall::catalog
