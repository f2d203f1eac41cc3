// NodesChannel: what becomes of plugins on all nodes, and of feature flags, for admins.
//
// {"action":"snapshot","nodes":[…]}, as the service kernel.nodes lists them, after somebody
// subscribed and after a node joined or left: to everybody, since it holds for everybody.
// {"action":"changed","plugin":{node, plugin, state, reason, health, health_reason, previous}} for
// every change. {"action":"features","features":[…]} goes with each snapshot, and
// {"action":"feature_changed","feature":{…}} tells of a flag, as features.flags has them. A change
// that comes while a snapshot is made may arrive before it; it is in it, then.
#pragma once

#include "streams_channel.hpp"

#include <streamwall/sdk/buffer.hpp>

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace streamwall::hub {

// Every method but close() on any thread. The mutex is never held while the listener is called.
class NodesChannel {
  public:
    NodesChannel(const sw_http_table* table, void* self, sw_lease* lease)
        : table_(table), self_(self), lease_(lease) {}

    StreamTopicPtr subscribe(std::string_view identifier);
    // False where the topic is another channel's.
    bool unsubscribe(const StreamTopicPtr& topic);

    // `nodes`: a JSON array. All of these return the number of identifiers it was sent to.
    std::size_t send_snapshot(std::string_view nodes);
    // `subject` names the plugin: readers that are behind need the latest of each only.
    std::size_t send_change(std::string_view subject, std::string_view plugin);
    // `flags`: a JSON array; `flag`: an object.
    std::size_t send_features(std::string_view flags);
    std::size_t send_feature(std::string_view subject, std::string_view flag);
    std::size_t identifiers() const;

    // As StreamsChannel::close().
    void close();

  private:
    struct Entry {
        StreamTopicPtr topic;
        std::size_t subscribers = 0;
    };
    std::vector<StreamTopicPtr> topics() const;
    std::size_t send(std::string_view action, std::string_view member, std::string_view value,
                     std::string_view key);

    const sw_http_table* table_;
    void* self_;
    sw_lease* lease_;
    mutable std::mutex mutex_;
    std::map<std::string, Entry, std::less<>> entries_;  // by identifier
};

}  // namespace streamwall::hub
