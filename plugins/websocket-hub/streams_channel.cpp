// Groups, topics and broadcasts of StreamsChannel.
#include "streams_channel.hpp"

#include <streamwall/sdk/json.hpp>

#include <utility>

namespace streamwall::hub {

namespace {
std::string quote(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
}
}  // namespace

StreamTopic::StreamTopic(std::string identifier, const sw_http_table* table, void* self,
                         sw_lease* lease)
    : identifier_(std::move(identifier)),
      identifier_json_(quote(identifier_)),
      topic_(std::in_place, table, self, lease) {}

// The topic is opened outside of the lock; where two threads open the same one, the second's is
// thrown away.
StreamTopicPtr StreamsChannel::subscribe(std::string_view identifier, const StreamFilter& filter) {
    if (auto known = find_or_add(identifier, filter, nullptr)) return known;
    auto fresh = std::make_shared<StreamTopic>(std::string(identifier), table_, self_, lease_);
    return find_or_add(identifier, filter, std::move(fresh));
}

StreamTopicPtr StreamsChannel::find_or_add(std::string_view identifier, const StreamFilter& filter,
                                           StreamTopicPtr fresh) {
    const std::lock_guard lock(mutex_);
    if (const auto found = topics_.find(identifier); found != topics_.end()) {
        ++found->second->subscriber_count_;
        return found->second;
    }
    if (!fresh) return nullptr;
    auto key = filter.canonical();
    auto& group = groups_[key];
    if (!group) group = std::make_unique<StreamGroup>(StreamGroup{filter, std::move(key), {}});
    fresh->group_ = group.get();
    fresh->position_ = group->topics.size();
    fresh->subscriber_count_ = 1;
    group->topics.push_back(fresh.get());
    topics_.emplace(fresh->identifier(), fresh);
    return fresh;
}

void StreamsChannel::unsubscribe(const StreamTopicPtr& topic) {
    const std::lock_guard lock(mutex_);
    if (--topic->subscriber_count_ > 0) return;
    auto& group = *std::exchange(topic->group_, nullptr);
    group.topics.back()->position_ = topic->position_;
    group.topics[topic->position_] = group.topics.back();
    group.topics.pop_back();
    if (group.topics.empty()) groups_.erase(std::string(group.key));
    // The caller's reference closes the topic, behind the lock.
    topics_.erase(topic->identifier());
}

std::size_t StreamsChannel::broadcast(const StreamBroadcast& broadcast, const StreamFacts& facts,
                                      std::string_view key) {
    std::vector<StreamTopicPtr> chosen;
    std::size_t subscribers = 0;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, group] : groups_) {
            if (!group->filter.matches(facts)) continue;
            for (auto* topic : group->topics) {
                chosen.push_back(topic->shared_from_this());
                subscribers += topic->subscriber_count_;
            }
        }
    }
    const auto merge_key = broadcast.is_replaceable ? key : std::string_view();
    for (const auto& topic : chosen) {
        const Buffer message(render_message(topic->identifier_json(), broadcast));
        topic->topic().publish(message, merge_key);
    }
    return subscribers;
}

void StreamsChannel::close() {
    decltype(topics_) topics;
    {
        const std::lock_guard lock(mutex_);
        topics.swap(topics_);
        groups_.clear();
    }
    for (const auto& [identifier, topic] : topics)
        topic->topic_.reset();
}

std::size_t StreamsChannel::topic_count() const {
    const std::lock_guard lock(mutex_);
    return topics_.size();
}

std::size_t StreamsChannel::group_count() const {
    const std::lock_guard lock(mutex_);
    return groups_.size();
}

}  // namespace streamwall::hub
