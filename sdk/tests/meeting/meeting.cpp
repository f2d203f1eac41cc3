// Everybody but "eve" may come; "slow" is admitted when somebody says so. What one says the others
// hear.
#include <streamwall/sdk/rooms.hpp>

#include <optional>

namespace rooms = streamwall::rooms;
using streamwall::Result;

class Meeting final : public streamwall::Plugin<> {
  public:
    using Plugin::Plugin;
    streamwall::Step start() override {
        return channel_.open(
            {.subscribe = [this](rooms::Entry entry) { come(std::move(entry)); },
             .receive = [this](rooms::Member& member, const boost::json::object& data,
                               const sw_context&) { return hear(member, data); },
             .left = [this](const rooms::Member& member) { tell("left", member.user); }});
    }
    streamwall::Step stop() override {
        slow_.reset();
        return streamwall::ok();
    }

  private:
    void come(rooms::Entry entry) {
        if (entry.member().user == "eve") return entry.refuse("not you");
        if (entry.member().user == "slow") {
            slow_.emplace(std::move(entry));
            return;
        }
        const auto who = entry.member();
        if (!entry.admit({"all"}, {R"({"action":"welcome"})"})) return;
        if (!entry.is_again()) tell("joined", who.user, who.id);
    }
    Result<> hear(rooms::Member& member, const boost::json::object& data) {
        const auto& action = data.at("action").as_string();
        if (action == "admit") {
            if (slow_) slow_->admit({"all"});
            slow_.reset();
            return streamwall::ok();
        }
        if (action == "aside") channel_.join(member, "aside");
        if (action == "back") channel_.leave(member, "aside");
        if (action == "fail") {
            return streamwall::Error{SW_INVALID_ARGUMENT, "no", {}, R"({"code":"NO"})"};
        }
        channel_.broadcast("all", data, member.id);
        return streamwall::ok();
    }
    void tell(std::string_view action, std::string_view user, std::string_view except = {}) {
        channel_.broadcast("all", boost::json::object{{"action", action}, {"user", user}}, except);
    }

    std::optional<rooms::Entry> slow_;
    rooms::Channel channel_{*this, "MeetingChannel"};
};
STREAMWALL_PLUGIN(Meeting)
