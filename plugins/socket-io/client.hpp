// Client: what one session says and hears in Socket.IO; its namespaces and their rooms.
//
// A namespace stands for the channel of a plugin. Who connects to it is asked for a token where its
// session came without one, and then subscribed to the channel: the namespace is confirmed when the
// plugin admits the client. While tokens can't be checked or nobody offers the channel, as when the
// host has just started, that is tried again for a while.
#pragma once

#include "packet_codec.hpp"
#include "session.hpp"

#include <streamwall/rooms/gate.hpp>
#include <streamwall/rooms/pace.hpp>
#include <streamwall/rooms/principals.hpp>
#include <streamwall/rooms/rooms.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::socket_io {

// What all clients share.
struct Surroundings {
    // The channel of a namespace, empty where there is none.
    std::function<std::string(std::string_view space)> find_channel;
    // Calls `done` once, on whatever thread, maybe at once.
    std::function<void(const std::string& token, std::function<void(Result<Context>)> done)>
        authenticate;
    // Runs it on the strand, never at once; not where `gate` is closed. [any]
    void post(std::function<void()> task) {
        const rooms::Gate::Stay stay(gate);
        if (stay) post_to_strand(std::move(task));
    }

    std::function<void(std::function<void()>)> post_to_strand;
    std::function<Time()> now;
    std::shared_ptr<rooms::Rooms> rooms;
    rooms::Pace pace = {};  // of packets
    std::chrono::milliseconds connect_timeout{45'000};
    Time began = {};  // what pace counts from
    rooms::Principals principals = {};
    rooms::Gate gate = {};
};
using SurroundingsPtr = std::shared_ptr<Surroundings>;

class Client : public std::enable_shared_from_this<Client> {
  public:
    static constexpr std::size_t kMaxSpaces = 16;

    // `who` is null where the session came without valid credentials.
    Client(SurroundingsPtr around, std::shared_ptr<Session> session,
           std::shared_ptr<const Context> who);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    Session& session() { return *session_; }
    // Whether a namespace has ever taken it.
    bool is_member() const { return is_member_; }

    // A packet, or the content of a binary one, in the order in which they come; false where that
    // has ended the session. [any]
    bool take(std::string_view text);
    bool take_binary();

    // Some times a second. [strand]
    void tick(Time now);
    // Ends the session where it is that principal's. [any]
    void forget(std::string_view type, std::string_view id);
    // The session is over. [strand]
    void leave();

  private:
    class RoomOutlet;
    // One namespace.
    struct Space {
        std::uint64_t attempt = 0;  // which of the client's this is; answers to others are late
        std::string channel;
        std::string token = {};  // none where the session came with one
        Time verify_again = {};
        boost::json::object params = {};
        std::shared_ptr<const Context> who = {};
        rooms::RoomMemberPtr member = {};
        Time gives_up = {};
        std::optional<Time> try_again = {};
        bool is_over = false;  // ended by this side; what the client still says there is of no use
    };
    using Spaces = std::map<std::string, Space, std::less<>>;

    // Under the lock.
    bool take_packet(const Packet& packet);
    bool take_message(std::string_view text);
    bool connect(Message message);
    void refuse(std::string_view space, std::string_view message);
    void identify(const std::string& name, Space& space);
    void verify_anew(const std::string& name, const Space& space);
    void subscribe(const std::string& name, Space& space);
    void try_again(const std::string& name, Time now);
    bool disconnect(const std::string& name);
    bool take_event(Message message);
    void tell_error(std::string_view space, const Message& event, std::string_view code,
                    std::string_view text);
    bool end(std::string_view reason);
    void send(const std::string& packet) { session_->send(Buffer(packet)); }
    Space* find(std::string_view name, std::uint64_t attempt);

    // Answers, on the strand.
    void identified(const std::string& name, std::uint64_t attempt, const Result<Context>& who);
    void lose_credentials(const std::string& name, std::uint64_t attempt);
    void rejected(const std::string& name, std::uint64_t attempt);

    const SurroundingsPtr around_;
    const std::shared_ptr<Session> session_;
    const std::shared_ptr<const Context> who_;
    const Time joins_by_;

    std::atomic<bool> is_member_{false};
    std::mutex mutex_;
    bool has_left_ = false;
    Spaces spaces_;
    std::uint64_t last_attempt_ = 0;
    std::size_t binaries_due_ = 0;  // that belong to messages which were refused
    std::uint32_t paid_at_ms_ = 0;
};

}  // namespace streamwall::socket_io
