// What members send, as the channel's handlers see it.
#pragma once

#include "channel.hpp"

namespace streamwall::collaboration {

struct CollaborationChannel::Asked {
    const std::string& member;
    const Seat& seat;
    const Place& place;  // of the session
    const Object& data;
    const sw_context& context;
};

struct CollaborationChannel::Action {
    std::string_view name;
    Result<> (CollaborationChannel::*run)(const Asked& asked);
    std::string_view denial;  // the answer to those who may only watch; empty: they may
};

inline Error with_code(Error error, std::string_view code) {
    error.details = json::Writer().text("code", code).take();
    return error;
}

}  // namespace streamwall::collaboration
