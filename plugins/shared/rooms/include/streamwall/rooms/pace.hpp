// Pace: how fast a client may go on sending commands.
#pragma once

#include <algorithm>
#include <cstdint>

namespace streamwall::rooms {

struct Pace {
    std::uint32_t rate = 100;   // a second in the long run, 1…1,000
    std::uint32_t burst = 500;  // at once

    // One more command; false where that is too many. `paid_at_ms` is what is kept of the client,
    // at first 0: when its commands will have been paid for, by a clock that may wrap around. Each
    // costs its part of a second, and a client may be in debt for as many as come at once.
    bool allows(std::uint32_t& paid_at_ms, std::uint32_t now_ms) const {
        const auto cost = 1'000 / rate;
        const auto most = burst * cost;
        auto debt = paid_at_ms - now_ms;
        if (debt > most) debt = 0;  // nobody can have so much
        debt += cost;
        paid_at_ms = now_ms + std::min(debt, most);
        return debt <= most;
    }
};

}  // namespace streamwall::rooms
