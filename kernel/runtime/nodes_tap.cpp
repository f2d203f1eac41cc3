// `kernel.nodes`: documents, and events as they happen for who asks again and again.
#include "runtime/nodes_service.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <deque>
#include <utility>

namespace streamwall::runtime {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {
constexpr std::size_t kMaxQueued = 1000;
constexpr auto kWait = 5s;
constexpr auto kForgotten = 15s;

std::uint64_t nanoseconds(std::chrono::nanoseconds time) {
    return static_cast<std::uint64_t>(time.count());
}
}  // namespace

// Filled by the bus on any thread, emptied by who asks.
struct NodesService::Tap {
    std::string id;
    std::uint64_t bus_id = 0;
    std::mutex mutex;
    std::deque<std::string> events;
    std::uint64_t dropped = 0;
    Done waiting;
    std::uint64_t asked_ns = 0;
    std::shared_ptr<exec::Strand> strand;

    // Runs under the bus's lock, so that the answer is left to the strand.
    static void add(const std::shared_ptr<Tap>& tap, const std::string& envelope) {
        std::lock_guard lock(tap->mutex);
        if (tap->events.size() == kMaxQueued) {
            tap->events.pop_front();
            ++tap->dropped;
        }
        tap->events.push_back(envelope);
        if (tap->waiting) tap->strand->post_function([tap] { tap->hurry(); });
    }
    void answer(const Done& done) {
        json::array list;
        std::uint64_t lost = 0;
        {
            std::lock_guard lock(mutex);
            for (const auto& envelope : std::exchange(events, {}))
                list.push_back(json::parse(envelope));
            lost = std::exchange(dropped, 0);
        }
        done(json::object{{"tap", id}, {"events", std::move(list)}, {"dropped", lost}});
    }
    // Answers who waits, with or without events.
    void hurry() {
        Done done;
        {
            std::lock_guard lock(mutex);
            done = std::exchange(waiting, nullptr);
        }
        if (done) answer(done);
    }
};

NodesService::~NodesService() {
    for (const auto& [id, tap] : taps_)
        local_.untap(tap->bus_id);
}

void NodesService::document(const RequestPtr& request, const Done& done) const {
    const auto what = request->text("what");
    const auto text = local_.document(what);
    if (!text) {
        return done(std::unexpected(Failure::of(
            SW_NOT_FOUND, fmt::format("there is nothing called '{}' to look into", what))));
    }
    boost::system::error_code malformed;
    auto value = json::parse(*text, malformed);
    done(malformed ? json::value(*text) : std::move(value));
}

void NodesService::tap(const RequestPtr& request, Done done) {
    const auto id = request->text("tap");
    std::shared_ptr<Tap> tap;
    {
        std::lock_guard lock(taps_mutex_);
        if (const auto known = taps_.find(id); known != taps_.end()) tap = known->second;
    }
    if (!tap && !id.empty()) {
        return done(std::unexpected(Failure::of(SW_NOT_FOUND, "this tap was forgotten")));
    }
    if (tap) {
        bool is_empty = false;
        {
            std::lock_guard lock(tap->mutex);
            tap->asked_ns = clock_.monotonic_ns();
            is_empty = tap->events.empty();
            if (is_empty) tap->waiting = std::move(done);
        }
        if (!is_empty) return tap->answer(done);
        timers_.after(party_.strand, kWait, [tap] { tap->hurry(); });
        return;
    }
    auto pattern = request->text("pattern");
    if (pattern.empty()) pattern = ">";
    tap = std::make_shared<Tap>();
    tap->asked_ns = clock_.monotonic_ns();
    tap->strand = party_.strand;
    {
        std::lock_guard lock(taps_mutex_);
        tap->id = fmt::format("{}", next_tap_++);
        taps_[tap->id] = tap;
    }
    tap->bus_id =
        local_.tap(pattern, [tap](const std::string& envelope) { Tap::add(tap, envelope); });
    watch_tap(tap);
    tap->answer(done);
}

void NodesService::watch_tap(const std::shared_ptr<Tap>& tap) {
    timers_.after(party_.strand, kForgotten, [this, tap] {
        {
            std::lock_guard lock(tap->mutex);
            if (clock_.monotonic_ns() - tap->asked_ns < nanoseconds(kForgotten)) {
                return watch_tap(tap);
            }
        }
        std::lock_guard lock(taps_mutex_);
        if (taps_.erase(tap->id) != 0) local_.untap(tap->bus_id);
    });
}

}  // namespace streamwall::runtime
