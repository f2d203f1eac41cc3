// Answers in the order of what was sent.
#include "window.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::jetstream {
namespace {

namespace json = boost::json;

// Of nats-server's errors.json.
constexpr std::int64_t kWrongLastMessageId = 10070;
constexpr std::int64_t kWrongLastSequence = 10071;

template <class T>
T member(const json::object& from, std::string_view name, T otherwise) {
    const auto* found = from.if_contains(name);
    const auto value = found ? json::try_value_to<T>(*found) : json::result<T>(otherwise);
    return value.has_value() ? *value : otherwise;
}

Ack refused(std::string reason) {
    return {Ack::Kind::refused, 0, std::move(reason)};
}

}  // namespace

Ack parse_ack(std::string_view text) {
    boost::system::error_code failed;
    const auto value = json::parse(text, failed);
    const auto* object = failed ? nullptr : value.if_object();
    if (object == nullptr) return refused("the server's answer is not understood");
    if (const auto* error = object->if_contains("error"); error && error->is_object()) {
        auto reason = member<std::string>(error->get_object(), "description", "no reason given");
        const auto code = member<std::int64_t>(error->get_object(), "err_code", 0);
        const bool is_wrong_place = code == kWrongLastSequence || code == kWrongLastMessageId;
        return {is_wrong_place ? Ack::Kind::wrong_place : Ack::Kind::refused, 0, std::move(reason)};
    }
    const auto place = member<std::uint64_t>(*object, "seq", 0);
    if (place == 0) return refused("the server's answer names no place in the stream");
    const bool is_duplicate = member<bool>(*object, "duplicate", false);
    return {is_duplicate ? Ack::Kind::duplicate : Ack::Kind::stored, place, {}};
}

Window::Ticket Window::send(std::uint64_t sequence) {
    if (sent_.empty()) {
        expected_ = tail_;
        is_shifted_ = false;
    }
    sent_.push_back({sequence, std::nullopt});
    return {front_token_ + sent_.size() - 1, expected_++};
}

Window::Outcome Window::answer(std::uint64_t token, Ack ack) {
    if (token < front_token_ || token - front_token_ >= sent_.size()) return Outcome::go_on;
    sent_[token - front_token_].ack = std::move(ack);
    return settle();
}

Window::Outcome Window::settle() {
    while (!sent_.empty() && sent_.front().ack) {
        const auto& [sequence, ack] = sent_.front();
        if (ack->kind == Ack::Kind::wrong_place && is_shifted_) {
            // Sent again only when nothing of the old is under way any more.
            if (!std::ranges::all_of(sent_, [](const Sent& one) { return one.ack.has_value(); })) {
                return Outcome::go_on;
            }
            front_token_ += sent_.size();
            sent_.clear();
            return Outcome::send_again;
        }
        if (ack->kind == Ack::Kind::duplicate && ack->place < first_) {
            reason_ = "the server still knows ids of events that were removed from the stream";
            return Outcome::failed;
        }
        if (ack->kind == Ack::Kind::wrong_place || ack->kind == Ack::Kind::refused) {
            reason_ = ack->reason;
            return Outcome::failed;
        }
        if (ack->kind == Ack::Kind::stored) {
            tail_ = ack->place;
            ++stored_;
        } else {
            is_shifted_ = true;
        }
        confirmed_ = sequence;
        sent_.pop_front();
        ++front_token_;
    }
    return Outcome::go_on;
}

}  // namespace streamwall::jetstream
