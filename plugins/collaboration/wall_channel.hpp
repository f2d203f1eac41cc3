// WallChannel: what walls show, commands that change it, and documents that their pages share.
//
// {"channel":"WallChannel"} hears of all walls, with "wall" of one. Messages: README.md. On the
// plugin's strand; the commands for one wall are carried out one after the other.
#pragma once

#include "presence.hpp"
#include "shared_updates.hpp"

#include <streamwall/records/store.hpp>
#include <streamwall/sdk/rooms.hpp>

#include <deque>
#include <map>
#include <string>

namespace streamwall::collaboration {

class WallChannel {
  public:
    WallChannel(PluginBase& plugin, records::Store& store, Tasks& tasks)
        : plugin_(plugin), tasks_(tasks), updates_(plugin, store) {}

    Result<> open();
    // The catalog's events of walls and layouts.
    void hear(const Event& event);

  private:
    using Object = boost::json::object;
    struct Command {
        std::string member;
        std::string name;
        Object data;
        Context context;
    };

    void enter(rooms::Entry entry);
    Task<> show_all(rooms::Entry entry, Person person);
    Task<> show_one(rooms::Entry entry, Person person, std::int64_t wall);
    bool admit(rooms::Entry entry, const Person& person, std::int64_t wall,
               const std::vector<std::string>& messages);
    Result<> receive(rooms::Member& member, const Object& data, const sw_context& context);
    Result<> control(const std::string& member, std::int64_t wall, const Object& data,
                     const Context& context);
    Result<> share(const std::string& member, std::int64_t wall, const Object& data);
    Task<> drain(std::int64_t wall);
    Task<Result<>> carry_out(std::int64_t wall, Command command);
    Task<> add_update(std::string member, std::int64_t wall, std::string content);
    Task<> compact(std::string member, std::int64_t wall, std::string state, std::int64_t through);
    Task<Result<Object>> read_wall(std::int64_t wall, Context context);
    Task<Result<Buffer>> ask(Method method, Object request, Context context);
    void tell(std::int64_t wall, const Object& message, std::string_view except = {});
    void deny(const std::string& member, const char* action, const Error& error);

    PluginBase& plugin_;
    Tasks& tasks_;
    SharedUpdates updates_;
    Presence presence_;
    Method list_walls_, get_wall_, update_wall_, list_layouts_, get_layout_;
    std::map<std::int64_t, std::deque<Command>> commands_;  // by wall
    rooms::Channel channel_{plugin_, "WallChannel"};
};

}  // namespace streamwall::collaboration
