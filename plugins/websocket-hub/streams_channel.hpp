// StreamsChannel: who is subscribed to which streams, and the broadcast of an event to them.
//
// Subscriptions with the same filter form a group, for which an event is decided once. Within a
// group those with the same identifier, byte for byte, share a topic of the listener, for which the
// message is built and framed once. A million subscribers of one identifier cost one filter and one
// frame. Those of the extended protocol have topics of their own: their messages say where in the
// journal they stand.
#pragma once

#include "stream_broadcast.hpp"
#include "stream_filter.hpp"

#include <streamwall/sdk/websocket.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamwall::hub {

class StreamTopic;

// How its subscribers are told.
enum class TopicKind : std::uint8_t {
    kPlain,     // ActionCable's protocol, a message for each change
    kBatched,   // the same, several changes of a burst in one message
    kExtended,  // AnyCable's protocol, in which each change has its place
};

// A change for subscribers; borrowed.
struct StreamNews {
    StreamBroadcast broadcast;
    StreamFacts facts;
    std::string_view key;  // names the record
    StreamPlace place = {};
};

enum class Audience : std::uint8_t { kAll, kBase, kExtended };

// Subscriptions with the same filter; under the channel's mutex.
struct StreamGroup {
    StreamFilter filter;
    std::string key;                   // the filter's canonical form
    std::vector<StreamTopic*> topics;  // owned by the channel's maps
};

// One identifier's subscribers. The identifier is kept here, once, and not with each subscriber.
class StreamTopic : public std::enable_shared_from_this<StreamTopic> {
  public:
    StreamTopic(std::string_view identifier, StreamFilter filter, TopicKind kind,
                const sw_http_table* table, void* self, sw_lease* lease);

    const std::string& identifier() const { return *identifier_; }
    const std::shared_ptr<const std::string>& shared_identifier() const { return identifier_; }
    const std::string& identifier_json() const { return identifier_json_; }
    const StreamFilter& filter() const { return filter_; }
    // What the extended protocol calls the stream: the same for an identifier everywhere and
    // always. Empty for the base protocol.
    std::string_view stream_id() const { return stream_id_; }
    bool is_extended() const { return kind_ == TopicKind::kExtended; }
    TopicKind kind() const { return kind_; }
    // There until the channel is closed.
    const http::WsTopic& topic() const { return *topic_; }

  private:
    friend class StreamsChannel;
    friend class NodesChannel;
    StreamGroup* group_ = nullptr;  // null once nobody is subscribed; under the channel's mutex
    std::size_t position_ = 0;      // in the group's topics
    std::size_t subscriber_count_ = 0;
    const std::shared_ptr<const std::string> identifier_;
    const std::string identifier_json_;
    const StreamFilter filter_;
    const TopicKind kind_;
    const std::string stream_id_;
    std::optional<http::WsTopic> topic_;
};
using StreamTopicPtr = std::shared_ptr<StreamTopic>;

// Every method but close() on any thread. One mutex guards the groups; it is never held while the
// listener is called.
class StreamsChannel {
  public:
    StreamsChannel(const sw_http_table* table, void* self, sw_lease* lease)
        : table_(table), self_(self), lease_(lease) {}
    StreamsChannel(const StreamsChannel&) = delete;
    StreamsChannel& operator=(const StreamsChannel&) = delete;

    // Counts a subscriber in and gives the topic that its connection must join before it is told
    // so: from then on no event is missed.
    StreamTopicPtr subscribe(std::string_view identifier, const StreamFilter& filter,
                             TopicKind kind = TopicKind::kPlain);
    // Counts it out again. The last one frees topic and group.
    void unsubscribe(const StreamTopicPtr& topic);

    // Sends changes, in order, to whom each concerns. Calls must not overlap. Returns the number of
    // changes times the subscribers they were sent to.
    std::size_t broadcast(std::span<const StreamNews> news, Audience audience = Audience::kAll);

    // Closes all topics at the listener. Nothing else may be under way or follow, except that
    // whoever still has a topic's pointer lets go of it.
    void close();

    std::size_t topic_count() const;
    std::size_t group_count() const;

  private:
    using Topics = std::unordered_map<std::string_view, StreamTopicPtr>;
    StreamTopicPtr find(std::string_view identifier, bool is_extended);
    StreamTopicPtr add(StreamTopicPtr fresh);
    Topics& topics_of(bool is_extended) { return is_extended ? extended_topics_ : topics_; }

    const sw_http_table* table_;
    void* self_;
    sw_lease* lease_;
    mutable std::mutex mutex_;
    Topics topics_;  // keys are the topics' own texts
    Topics extended_topics_;
    std::unordered_map<std::string, std::unique_ptr<StreamGroup>> groups_;  // by canonical filter
};

}  // namespace streamwall::hub
