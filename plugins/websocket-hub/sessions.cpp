#include "sessions.hpp"

#include <streamwall/rooms/session_id.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::hub {

Sessions::Id Sessions::open(http::WsConnection connection, std::string_view who) {
    auto id = rooms::make_session_id();
    const std::lock_guard lock(mutex_);
    sessions_.emplace(id, Session{std::string(who), {}, connection, {}, detached_.end()});
    return id;
}

void Sessions::add(const Id& id, SharedIdentifier identifier) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    if (found != sessions_.end()) found->second.identifiers.push_back(std::move(identifier));
}

void Sessions::remove(const Id& id, std::string_view identifier) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return;
    std::erase_if(found->second.identifiers,
                  [&](const SharedIdentifier& each) { return *each == identifier; });
}

void Sessions::detach(const Id& id, Time now) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return;
    auto& session = found->second;
    // Nothing to come back to.
    if (session.identifiers.empty()) {
        sessions_.erase(found);
        return;
    }
    session.connection = {};
    session.expires = now + kept_for_;
    session.place = detached_.insert(detached_.end(), id);
    drop_old(now);
}

void Sessions::drop_old(Time now) {
    while (!detached_.empty()) {
        const auto oldest = sessions_.find(detached_.front());
        if (detached_.size() <= max_kept_ && oldest->second.expires > now) return;
        sessions_.erase(oldest);
        detached_.pop_front();
    }
}

std::optional<std::vector<SharedIdentifier>> Sessions::resume(std::string_view id,
                                                              std::string_view who, Time now) {
    std::optional<http::WsConnectionRef> abandoned;
    std::vector<SharedIdentifier> out;
    {
        const std::lock_guard lock(mutex_);
        drop_old(now);
        const auto found = sessions_.find(std::string(id));
        if (found == sessions_.end() || found->second.who != who) return std::nullopt;
        auto& session = found->second;
        if (session.place != detached_.end()) detached_.erase(session.place);
        if (session.connection.raw() != nullptr) abandoned.emplace(session.connection);
        out = std::move(session.identifiers);
        sessions_.erase(found);
    }
    if (abandoned) (*abandoned)->close(1000, "its client is here again");
    return out;
}

std::size_t Sessions::size() const {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
}

}  // namespace streamwall::hub
