// Groups, topics and broadcasts of StreamsChannel.
#include "streams_channel.hpp"

#include <streamwall/sdk/json.hpp>

#include <charconv>
#include <utility>

namespace streamwall::hub {

namespace {
std::string quote(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
}

// FNV-1a: the same on every node and after every restart.
std::string name_stream(std::string_view identifier) {
    std::uint64_t hash = 14'695'981'039'346'656'037U;
    for (const char c : identifier)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
    char digits[17];
    auto* end = std::to_chars(digits, digits + sizeof digits, hash, 16).ptr;
    return "streams-" + std::string(digits, static_cast<std::size_t>(end - digits));
}
}  // namespace

StreamTopic::StreamTopic(std::string_view identifier, StreamFilter filter, bool is_extended,
                         const sw_http_table* table, void* self, sw_lease* lease)
    : identifier_(std::make_shared<const std::string>(identifier)),
      identifier_json_(quote(identifier)),
      filter_(std::move(filter)),
      stream_id_(is_extended ? name_stream(identifier) : std::string()),
      topic_(std::in_place, table, self, lease) {}

// The topic is opened outside of the lock; where two threads open the same one, the second's is
// thrown away.
StreamTopicPtr StreamsChannel::subscribe(std::string_view identifier, const StreamFilter& filter,
                                         bool is_extended) {
    if (auto known = find(identifier, is_extended)) return known;
    return add(
        std::make_shared<StreamTopic>(identifier, filter, is_extended, table_, self_, lease_));
}

StreamTopicPtr StreamsChannel::find(std::string_view identifier, bool is_extended) {
    const std::lock_guard lock(mutex_);
    auto& topics = topics_of(is_extended);
    const auto found = topics.find(identifier);
    if (found == topics.end()) return nullptr;
    ++found->second->subscriber_count_;
    return found->second;
}

StreamTopicPtr StreamsChannel::add(StreamTopicPtr fresh) {
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] =
        topics_of(fresh->is_extended()).emplace(fresh->identifier(), fresh);
    auto& topic = *place->second;
    ++topic.subscriber_count_;
    if (!is_new) return place->second;
    auto key = topic.filter().canonical();
    auto& group = groups_[key];
    if (!group) {
        group = std::make_unique<StreamGroup>(StreamGroup{topic.filter(), std::move(key), {}});
    }
    topic.group_ = group.get();
    topic.position_ = group->topics.size();
    group->topics.push_back(&topic);
    return place->second;
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
    topics_of(topic->is_extended()).erase(topic->identifier());
}

std::size_t StreamsChannel::broadcast(const StreamBroadcast& broadcast, const StreamFacts& facts,
                                      std::string_view key, const StreamPlace& place,
                                      bool is_repeated) {
    std::vector<StreamTopicPtr> chosen;
    std::size_t subscribers = 0;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, group] : groups_) {
            if (!group->filter.matches(facts)) continue;
            for (auto* topic : group->topics) {
                if (is_repeated && topic->is_extended()) continue;
                chosen.push_back(topic->shared_from_this());
                subscribers += topic->subscriber_count_;
            }
        }
    }
    const auto merge_key = broadcast.is_replaceable ? key : std::string_view();
    for (const auto& topic : chosen) {
        const Buffer message(
            render_message(topic->identifier_json(), broadcast, topic->stream_id(), place));
        topic->topic().publish(message, merge_key);
    }
    return subscribers;
}

void StreamsChannel::close() {
    Topics topics, extended;
    {
        const std::lock_guard lock(mutex_);
        topics.swap(topics_);
        extended.swap(extended_topics_);
        groups_.clear();
    }
    for (const auto& [identifier, topic] : topics)
        topic->topic_.reset();
    for (const auto& [identifier, topic] : extended)
        topic->topic_.reset();
}

std::size_t StreamsChannel::topic_count() const {
    const std::lock_guard lock(mutex_);
    return topics_.size() + extended_topics_.size();
}

std::size_t StreamsChannel::group_count() const {
    const std::lock_guard lock(mutex_);
    return groups_.size();
}

}  // namespace streamwall::hub
