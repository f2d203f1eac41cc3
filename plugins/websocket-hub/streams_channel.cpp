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

StreamTopic::StreamTopic(std::string_view identifier, StreamFilter filter, TopicKind kind,
                         const sw_http_table* table, void* self, sw_lease* lease)
    : identifier_(std::make_shared<const std::string>(identifier)),
      identifier_json_(quote(identifier)),
      filter_(std::move(filter)),
      kind_(kind),
      stream_id_(is_extended() ? name_stream(identifier) : std::string()),
      topic_(std::in_place, table, self, lease) {}

// The topic is opened outside of the lock; where two threads open the same one, the second's is
// thrown away.
StreamTopicPtr StreamsChannel::subscribe(std::string_view identifier, const StreamFilter& filter,
                                         TopicKind kind) {
    if (auto known = find(identifier, kind == TopicKind::kExtended)) return known;
    return add(std::make_shared<StreamTopic>(identifier, filter, kind, table_, self_, lease_));
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

namespace {

bool listens(const StreamTopic& topic, Audience audience) {
    return audience == Audience::kAll || topic.is_extended() == (audience == Audience::kExtended);
}

using Chosen = std::span<const StreamNews* const>;

// The extended protocol gets every change: its clients would know one by a missing place, if at
// all.
void send(const StreamTopic& topic, Chosen news) {
    if (topic.kind() == TopicKind::kBatched && news.size() > 1) {
        std::vector<const StreamBroadcast*> parts;
        for (const auto* each : news)
            parts.push_back(&each->broadcast);
        return topic.topic().publish(Buffer(render_batch(topic.identifier_json(), parts)));
    }
    for (const auto* each : news) {
        const Buffer message(render_message(topic.identifier_json(), each->broadcast,
                                            topic.stream_id(), each->place));
        const bool may_go = each->broadcast.is_replaceable && !topic.is_extended();
        topic.topic().publish(message, may_go ? each->key : std::string_view());
    }
}

}  // namespace

std::size_t StreamsChannel::broadcast(std::span<const StreamNews> news, Audience audience) {
    struct Choice {
        StreamTopicPtr topic;
        std::size_t begin, count;  // of `matching`
    };
    std::vector<Choice> chosen;
    std::vector<const StreamNews*> matching;
    std::size_t sent = 0;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, group] : groups_) {
            const auto begin = matching.size();
            for (const auto& each : news) {
                if (group->filter.matches(each.facts)) matching.push_back(&each);
            }
            const auto count = matching.size() - begin;
            if (count == 0) continue;
            for (auto* topic : group->topics) {
                if (!listens(*topic, audience)) continue;
                chosen.push_back({topic->shared_from_this(), begin, count});
                sent += topic->subscriber_count_ * count;
            }
        }
    }
    for (const auto& [topic, begin, count] : chosen)
        send(*topic, Chosen(matching).subspan(begin, count));
    return sent;
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
