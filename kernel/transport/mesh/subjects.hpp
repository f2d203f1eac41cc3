// Subjects: how peers name what they send. `<prefix>.<revision>.<kind>.…`
#pragma once

#include <string>
#include <string_view>

namespace streamwall::transport {

// Bytes outside of [A-Za-z0-9_-] become %XX, so that any text is one token.
std::string escape_token(std::string_view text);

class Subjects {
  public:
    static constexpr std::string_view kRevision = "1";
    static constexpr std::string_view kCallGroup = "call";

    explicit Subjects(std::string_view prefix);

    const std::string& peers() const { return peers_; }    // announcements
    const std::string& cancel() const { return cancel_; }  // calls that nobody waits for any more
    // Calls of a service, wherever it runs; subscribed to with the group.
    std::string call(std::string_view service) const;
    // Calls for one peer, and for those behind it.
    std::string peer(std::string_view name) const { return base_ + "peer." + escape_token(name); }
    // Transient events by type; a pattern gives the subjects of all types that it matches.
    std::string event(std::string_view type) const { return event_ + std::string(type); }
    // What a journal has committed.
    std::string journal(std::string_view epoch) const {
        return base_ + "journal." + escape_token(epoch);
    }
    // The type of an event's subject.
    std::string_view type_of(std::string_view subject) const {
        return subject.substr(subject.size() < event_.size() ? subject.size() : event_.size());
    }

  private:
    std::string base_, peers_, cancel_, event_;
};

}  // namespace streamwall::transport
