// What the hubs and the plugins that have rooms say to each other; see docs/rooms.md. Plugins use
// rooms.hpp.
#pragma once

#include <streamwall/sdk/buffer.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/result.hpp>

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::rooms::wire {

inline constexpr std::string_view kMessageSent = "room.message_sent";
inline constexpr std::string_view kOpened = "room.opened";

// Names one run of a plugin or of a hub among all that there ever are.
inline std::string make_owner() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::random_device random;
    std::string out;
    for (int word = 0; word < 2; ++word) {
        auto bits = static_cast<std::uint32_t>(random());
        for (int digit = 0; digit < 8; ++digit, bits >>= 4)
            out += kDigits[bits & 15U];
    }
    return out;
}

template <class Texts>
std::string render_texts(const Texts& texts) {
    std::string out = "[";
    for (const auto& text : texts) {
        if (out.size() > 1) out += ',';
        json::append_string(out, text);
    }
    return out + "]";
}

inline std::string render_error(std::string_view code, std::string_view message) {
    return json::Writer()
        .text("action", "error")
        .text("code", code)
        .text("message", message)
        .take();
}

// ---- What a plugin sends to all hubs: the data of `room.message_sent`.
struct Sent {
    std::string_view room = {};    // to its members, or
    std::string_view to = {};      // to one subscription
    std::string_view except = {};  // a member of the room who does not get it
    std::string_view message = {};
    const std::set<std::string>* rooms = nullptr;  // in which `to` is from now on
};

inline Buffer render_sent(std::string_view channel, std::string_view owner, std::uint64_t position,
                          const Sent& sent) {
    json::Writer out;
    out.text("channel", channel)
        .text("owner", owner)
        .number("position", static_cast<std::int64_t>(position));
    if (!sent.room.empty()) out.text("room", sent.room);
    if (!sent.to.empty()) out.text("to", sent.to);
    if (!sent.except.empty()) out.text("except", sent.except);
    if (sent.rooms) out.raw("rooms", render_texts(*sent.rooms));
    if (!sent.message.empty()) out.raw("message", sent.message);
    return out.buffer();
}

// `room.opened`: whoever was in the rooms of an earlier run should come again.
inline Buffer render_opened(std::string_view channel, std::string_view owner) {
    return json::Writer().text("channel", channel).text("owner", owner).buffer();
}

// ---- What hubs ask for, and the answers.
namespace detail {

inline Result<std::string> read_text(const boost::json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    if (value == nullptr || !value->is_string() || value->get_string().empty()) {
        return Error::invalid("must be text", std::string(name));
    }
    return std::string(value->get_string());
}

inline std::set<std::string> read_texts(const boost::json::value* value) {
    std::set<std::string> out;
    if (value == nullptr || !value->is_array()) return out;
    for (const auto& item : value->get_array()) {
        if (item.is_string()) out.emplace(item.get_string());
    }
    return out;
}

inline boost::json::object read_object(boost::json::object& from, std::string_view name) {
    auto* value = from.if_contains(name);
    if (value == nullptr || !value->is_object()) return {};
    return std::move(value->get_object());
}

}  // namespace detail

struct Subscribe {
    std::string subscription;
    std::string hub;
    boost::json::object params;
    bool is_again = false;
    std::set<std::string> rooms;  // in which it was, where it is there again
};

inline Result<Subscribe> read_subscribe(std::string_view text) {
    auto from = json::parse_object(text);
    if (!from) return std::move(from).error();
    auto subscription = detail::read_text(*from, "subscription");
    if (!subscription) return std::move(subscription).error();
    auto hub = detail::read_text(*from, "hub");
    if (!hub) return std::move(hub).error();
    const auto* again = from->if_contains("again");
    return Subscribe{std::move(*subscription), std::move(*hub),
                     detail::read_object(*from, "params"),
                     again != nullptr && again->is_bool() && again->get_bool(),
                     detail::read_texts(from->if_contains("rooms"))};
}

struct Welcome {
    std::string_view owner;
    std::uint64_t position = 0;  // what came up to here the member does not get
    const std::set<std::string>* rooms = nullptr;
    const std::vector<std::string>* messages = nullptr;
};

inline Buffer render_welcome(const Welcome& welcome) {
    std::string messages = "[";
    for (const auto& message : *welcome.messages)
        messages.append(messages.size() > 1 ? "," : "").append(message);
    return json::Writer()
        .text("owner", welcome.owner)
        .number("position", static_cast<std::int64_t>(welcome.position))
        .raw("rooms", render_texts(*welcome.rooms))
        .raw("messages", messages + "]")
        .buffer();
}

struct Receive {
    std::string subscription;
    boost::json::object data;
};

inline Result<Receive> read_receive(std::string_view text) {
    auto from = json::parse_object(text);
    if (!from) return std::move(from).error();
    auto subscription = detail::read_text(*from, "subscription");
    if (!subscription) return std::move(subscription).error();
    return Receive{std::move(*subscription), detail::read_object(*from, "data")};
}

inline Buffer render_received(const Result<>& done, std::string_view error_code) {
    if (done) return Buffer("{}");
    std::string code(error_code);
    if (const auto details = json::parse_object(done.error().details)) {
        if (const auto given = detail::read_text(*details, "code")) code = *given;
    }
    return json::Writer().raw("reply", render_error(code, done.error().message)).buffer();
}

struct Unsubscribe {
    std::string hub;
    std::set<std::string> subscriptions;
    std::optional<std::set<std::string>> keeps;  // all others of the hub have ended
};

inline Result<Unsubscribe> read_unsubscribe(std::string_view text) {
    auto from = json::parse_object(text);
    if (!from) return std::move(from).error();
    auto hub = detail::read_text(*from, "hub");
    if (!hub) return std::move(hub).error();
    Unsubscribe out{std::move(*hub), detail::read_texts(from->if_contains("subscriptions")),
                    std::nullopt};
    if (const auto* keeps = from->if_contains("keeps")) out.keeps = detail::read_texts(keeps);
    return out;
}

inline Result<std::string> read_hub(std::string_view text) {
    const auto from = json::parse_object(text);
    if (!from) return from.error();
    return detail::read_text(*from, "hub");
}

inline Buffer render_kept(std::string_view owner, std::size_t known) {
    return json::Writer()
        .text("owner", owner)
        .number("known", static_cast<std::int64_t>(known))
        .buffer();
}

}  // namespace streamwall::rooms::wire
