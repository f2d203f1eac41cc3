// Deeds: what is done by this interface to something that is no record, such as a plugin or a dead
// letter, gets its entry in the audit before whoever ordered it is answered.
//
// Operators must be able to mend a system whose audit is away. So it stops nobody: what can't be
// noted at once is tried again for a minute, and then stands in the log.
#pragma once

#include "call.hpp"

#include <streamwall/sdk/context.hpp>
#include <streamwall/sdk/host.hpp>
#include <streamwall/sdk/services.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace streamwall::rest_api {

// Whether an order was accepted, to be carried out a moment later.
bool is_accepted(const Buffer& reply);

class Deeds {
  public:
    explicit Deeds(const Host& host) : host_(host) {}
    Result<> open(const Services& services);
    // To be called each second: notes what could not be noted before.
    void retry();

    // As of <streamwall/contracts/audit.hpp>; `error` where it failed.
    struct Deed {
        std::string_view action;
        std::string resource_id;
        std::string_view outcome = {};
        std::string error = {};
    };
    // Calls `then` once it is noted, or can't be noted now. [any]
    void note(const Deed& deed, const Context& from, std::move_only_function<void()> then);

    // What to do with the reply to an order: note how the deed came out, where anything was done,
    // then `answer(Call&, const Result<Buffer>&)`.
    template <class Answer>
    auto noting(Deed deed, const sw_context& from, Call call, Answer answer) {
        return [this, deed = std::move(deed), from = Context(from), call = std::move(call),
                answer](Result<Buffer> reply) mutable {
            const bool is_done = came_out(deed, reply);
            auto then = [call = std::move(call), reply = std::move(reply), answer]() mutable {
                answer(call, reply);
            };
            if (!is_done) return then();
            note(deed, from, std::move(then));
        };
    }

  private:
    static bool came_out(Deed& deed, const Result<Buffer>& reply);

    static constexpr std::size_t kMostPending = 100;
    static constexpr int kTries = 60;

    struct Pending {
        std::string request;
        Context from;
        int tries = 1;
    };
    void missed(Pending pending, const Error& error);

    const Host& host_;
    const Services* services_ = nullptr;
    Method note_;
    std::mutex mutex_;
    std::deque<Pending> pending_;
};

}  // namespace streamwall::rest_api
