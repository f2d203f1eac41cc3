// What a hub is to this plugin: it subscribes, passes on what clients send, and hears what is sent.
#pragma once

#include <streamwall/testing/host.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace streamwall::testing {

class HubStandIn {
  public:
    using Object = boost::json::object;

    HubStandIn(Host& host, std::string channel) : host_(host), channel_(std::move(channel)) {}

    // False where it was refused; `reason` says why.
    bool subscribe(const std::string& id, const Principal& who, Object params, bool again = false) {
        people_[id] = who;
        const Object request{
            {"subscription", id}, {"hub", "hub"}, {"params", std::move(params)}, {"again", again}};
        const auto done =
            host_.call("rooms." + channel_, "subscribe", boost::json::serialize(request), who);
        reason = done.message;
        if (!done) return false;
        const auto welcome = boost::json::parse(done.body).as_object();
        members_[id] = boost::json::value_to<std::set<std::string>>(welcome.at("rooms"));
        pull();  // what came before is not for it
        messages_[id].clear();
        for (const auto& message : welcome.at("messages").as_array())
            messages_[id].push_back(message.as_object());
        return true;
    }
    void send(const std::string& id, const Object& data) {
        const Object request{{"subscription", id}, {"data", data}};
        const auto done = host_.call("rooms." + channel_, "receive",
                                     boost::json::serialize(request), people_[id]);
        const auto reply = boost::json::parse(done ? done.body : "{}").as_object();
        if (reply.contains("reply")) messages_[id].push_back(reply.at("reply").as_object());
    }
    void unsubscribe(const std::string& id) {
        pull();
        members_.erase(id);
        const Object request{{"hub", "hub"}, {"subscriptions", boost::json::array{id}}};
        host_.call("rooms." + channel_, "unsubscribe", boost::json::serialize(request));
    }
    void keep() { host_.call("rooms." + channel_, "keep", R"({"hub":"hub"})"); }

    // What it was sent since this was asked last, people's lists left out unless asked for.
    std::vector<Object> news(const std::string& id, bool with_lists = false) {
        pull();
        auto out = std::move(messages_[id]);
        messages_[id].clear();
        if (!with_lists) {
            std::erase_if(out,
                          [](const Object& m) { return m.at("action") == "active_users_list"; });
        }
        return out;
    }
    // Their actions, with spaces between.
    std::string actions(const std::string& id) {
        std::string out;
        for (const auto& message : news(id))
            out.append(out.empty() ? "" : " ").append(message.at("action").as_string());
        return out;
    }
    std::string reason;

  private:
    void pull() {
        const auto events = host_.events("room.message_sent");
        for (; read_ < events.size(); ++read_) {
            const auto sent = boost::json::parse(events[read_].data).as_object();
            if (sent.at("channel") != boost::json::value(channel_) || !sent.contains("message")) {
                continue;
            }
            for (const auto& [id, rooms] : members_) {
                const auto is = [&](const char* name) {
                    return sent.contains(name) && sent.at(name) == boost::json::value(id);
                };
                const bool is_in = sent.contains("room") &&
                                   rooms.contains(std::string(sent.at("room").as_string()));
                if (is("to") || (is_in && !is("except")))
                    messages_[id].push_back(sent.at("message").as_object());
            }
        }
    }

    Host& host_;
    const std::string channel_;
    std::map<std::string, Principal> people_;
    std::map<std::string, std::set<std::string>> members_;
    std::map<std::string, std::vector<Object>> messages_;
    std::size_t read_ = 0;
};

}  // namespace streamwall::testing
