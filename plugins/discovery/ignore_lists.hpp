// The catalog's ignore lists, kept in memory: loaded at the start, again whenever one of their
// entries changed, and now and then in case that went unheard.
#pragma once

#include "ignore_rules.hpp"

#include <streamwall/sdk/coroutine.hpp>

#include <chrono>
#include <functional>

namespace streamwall::discovery {

// Adds what the catalog's answer ({"twitch_users":[…],…}) lists.
void add_listed(IgnoreRules& rules, const boost::json::object& lists);

// A member of the plugin. While the catalog cannot be asked, what was known last stays.
class IgnoreLists {
  public:
    using Found = std::function<void(const boost::json::object& lists)>;

    IgnoreLists(PluginBase& plugin, std::chrono::milliseconds every)
        : plugin_(plugin), every_(every), tasks_(plugin) {}

    // `found` gets the lists each time they have been loaded. [strand, in start()]
    Result<> follow(Found found);

  private:
    void refresh();
    Task<> load();

    PluginBase& plugin_;
    std::chrono::milliseconds every_;
    Found found_;
    Method by_type_{};
    Timer timer_;
    bool is_loading_ = false;
    bool is_old_ = false;
    bool is_away_ = false;
    Tasks tasks_;  // behind what its tasks use
};

}  // namespace streamwall::discovery
