#include "nodes_channel.hpp"

namespace streamwall::hub {

namespace {

std::string message(const StreamTopic& topic, std::string_view action, std::string_view member,
                    std::string_view value) {
    std::string out = R"({"identifier":)";
    out.append(topic.identifier_json()).append(R"(,"message":{"action":")").append(action);
    return out.append("\",\"").append(member).append("\":").append(value).append("}}");
}

}  // namespace

// The topic is opened outside of the lock; where two threads open the same one, the second's is
// thrown away.
StreamTopicPtr NodesChannel::subscribe(std::string_view identifier) {
    auto fresh = std::make_shared<StreamTopic>(identifier, StreamFilter(), TopicKind::kPlain,
                                               table_, self_, lease_);
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[std::string(identifier)];
    if (!entry.topic) entry.topic = std::move(fresh);
    ++entry.subscribers;
    return entry.topic;
}

bool NodesChannel::unsubscribe(const StreamTopicPtr& topic) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(topic->identifier());
    if (found == entries_.end() || found->second.topic != topic) return false;
    // The caller's reference closes the topic, behind the lock.
    if (--found->second.subscribers == 0) entries_.erase(found);
    return true;
}

std::size_t NodesChannel::send(std::string_view action, std::string_view member,
                               std::string_view value, std::string_view key) {
    const auto all = topics();
    for (const auto& topic : all)
        topic->topic().publish(Buffer(message(*topic, action, member, value)), key);
    return all.size();
}

std::size_t NodesChannel::send_snapshot(std::string_view nodes) {
    return send("snapshot", "nodes", nodes, "nodes");
}

std::size_t NodesChannel::send_change(std::string_view subject, std::string_view plugin) {
    return send("changed", "plugin", plugin, subject);
}

std::size_t NodesChannel::send_features(std::string_view flags) {
    return send("features", "features", flags, "features");
}

std::size_t NodesChannel::send_feature(std::string_view subject, std::string_view flag) {
    return send("feature_changed", "feature", flag, subject);
}

std::size_t NodesChannel::identifiers() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

std::vector<StreamTopicPtr> NodesChannel::topics() const {
    const std::lock_guard lock(mutex_);
    std::vector<StreamTopicPtr> out;
    for (const auto& [identifier, entry] : entries_)
        out.push_back(entry.topic);
    return out;
}

void NodesChannel::close() {
    decltype(entries_) entries;
    {
        const std::lock_guard lock(mutex_);
        entries.swap(entries_);
    }
    for (const auto& [identifier, entry] : entries)
        entry.topic->topic_.reset();
}

}  // namespace streamwall::hub
