// Idempotency-Key: a POST that is sent again is answered as the first time, and carried out once.
//
// Keys are records of the store, so they outlive restarts and hold for all listeners of a system.
// A request first claims its key by inserting a record; what it was answered is added before the
// client sees it. Neither keys nor bodies are kept, only their digests; answers are sealed with the
// key, those that must not be stored (Cache-Control: no-store) also with the credential.
//
// Kept are answers that tell of something done (2xx). Anything else did nothing: the key is free
// again. Where that is not certain (500, a timeout) the claim stays until it runs out; so does the
// claim of a process that died, unless the same node comes back first. What is carried out again
// then finds what it made, as far as records have something unique.
#pragma once

#include "call.hpp"
#include "kept_request.hpp"

#include <streamwall/sdk/services.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::rest_api {

class Repeats {
  public:
    struct Options {
        std::string node;     // claims of its earlier processes are nobody's
        std::string process;  // different in each start
        std::chrono::milliseconds lifetime = std::chrono::hours(24);
        std::int64_t most_keys = 1'000'000;  // then requests with new keys have to wait
    };
    using Handler = std::function<void(const http::Request&, Call)>;

    static constexpr std::string_view kHeader = "idempotency-key";

    // Finds the store; it need not be there yet. Called once, before the first request.
    Result<> open(const Host& host, const Services& services, Options options);

    // Answers `call` with what is kept, or by `handler`, which outlives this. `timeout` is that of
    // the route. [any]
    void run(const http::Request& request, Call call, const Handler& handler,
             std::chrono::milliseconds timeout);

    // Removes keys that are over, and counts the others. From time to time.
    void clean_up();

  private:
    struct Attempt;
    class KeepAnswer;
    using AttemptPtr = std::shared_ptr<Attempt>;

    // Runs `then(Result<Buffer>)` with the reply of the store, whose collection is declared first.
    template <class Then>
    void ask(const Method& method, Buffer body, const sw_executor* home, Then then);
    void claim(AttemptPtr attempt);
    void look(AttemptPtr attempt);
    void decide(const AttemptPtr& attempt, const Buffer& record);
    void take_over(AttemptPtr attempt, std::string_view record);
    void carry_out(const AttemptPtr& attempt, std::string_view record);
    void replay(Attempt& attempt, std::string_view record) const;
    void count_keys();
    std::string claim_json(const Attempt& attempt) const;
    bool is_claimed(std::string_view record) const;

    const Host* host_ = nullptr;
    const Services* services_ = nullptr;
    Options options_;
    Method declare_, get_, query_, apply_;
    std::atomic<bool> is_declared_{false};
    std::atomic<bool> is_full_{false};
};

}  // namespace streamwall::rest_api
