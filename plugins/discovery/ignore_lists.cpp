#include "ignore_lists.hpp"

#include <streamwall/contracts/resources.hpp>

#include <algorithm>

namespace streamwall::discovery {
namespace {

namespace names = contracts::resources;

constexpr std::chrono::seconds kCallTime{5};
constexpr std::chrono::seconds kFirstWait{1};
constexpr std::chrono::seconds kLongestWait{30};

template <class Add>
void add_each(const boost::json::object& lists, std::string_view name, Add add) {
    const auto* list = lists.if_contains(name);
    if (list == nullptr || !list->is_array()) return;
    for (const auto& value : list->get_array()) {
        if (value.is_string()) add(std::string_view(value.get_string()));
    }
}

}  // namespace

void add_listed(IgnoreRules& rules, const boost::json::object& lists) {
    add_each(lists, "twitch_users", [&](auto user) { rules.add_user("twitch", user); });
    add_each(lists, "discord_users", [&](auto user) { rules.add_user("discord", user); });
    add_each(lists, "urls", [&](auto url) { rules.add_url(url); });
    add_each(lists, "domains", [&](auto domain) { rules.add_domain(domain); });
}

Result<> IgnoreLists::follow(Found found) {
    found_ = std::move(found);
    auto method = plugin_.services().resolve(names::kIgnoreLists, names::kByType);
    if (!method) return std::move(method).error();
    by_type_ = *method;
    auto subscribed =
        plugin_.bus().subscribe({.pattern = names::kIgnoreEntryEvents, .durable = "ignore_lists"},
                                [this](const Event&) -> Outcome {
                                    refresh();
                                    return ok();
                                });
    if (!subscribed) return subscribed;
    timer_ = plugin_.host().every(every_, [this] { refresh(); });
    refresh();
    return ok();
}

// However many entries change at once, the lists are loaded once more after the last of them.
void IgnoreLists::refresh() {
    is_old_ = true;
    if (!is_loading_) tasks_.start(load());
}

Task<> IgnoreLists::load() {
    is_loading_ = true;
    auto wait = kFirstWait;
    while (is_old_) {
        is_old_ = false;
        const auto context = plugin_.host().own_context(kCallTime);
        const auto reply =
            co_await coro::call(plugin_.services(), by_type_, Buffer("{}"), context.raw());
        const auto lists =
            reply ? json::parse_object(reply->view()) : Result<boost::json::object>(reply.error());
        if (lists) {
            is_away_ = false;
            found_(*lists);
            continue;
        }
        if (!is_away_) plugin_.log().warn("discovery.no_ignore_lists", lists.error().message);
        is_away_ = true;
        is_old_ = true;
        co_await coro::sleep(plugin_.host(), wait);
        wait = std::min(wait * 2, kLongestWait);
    }
    is_loading_ = false;
}

}  // namespace streamwall::discovery
