// Connecting again, for ever.
#include "mirror.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

namespace streamwall::jetstream {

Mirror::Mirror(MirrorOptions options, Journal& journal, Follower::WallClock wall_ms,
               MirrorObserver& observer)
    : options_(std::move(options)),
      journal_(journal),
      wall_ms_(std::move(wall_ms)),
      observer_(observer),
      random_(std::random_device()()),
      gap_bound_(options_.connection.backoff_first) {}

Mirror::~Mirror() {
    stop();
    if (thread_.joinable()) thread_.join();
}

// Signals are the host's business: the thread, and those that libnats begins in it, are born with
// all of them blocked.
void Mirror::start() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(thread_.native_handle(), "jetstream");
}

void Mirror::run() {
    const auto& servers = options_.connection.servers;
    for (std::size_t n = random_() % servers.size(); !signals_->is_stopping(); ++n) {
        bool was_working = false;
        const auto over = follow(servers[n % servers.size()], was_working);
        if (was_working) gap_bound_ = options_.connection.backoff_first;
        if (over) continue;
        const auto gap = next_gap();
        observer_.on_away(Result<>(over).error().message, gap);
        signals_->rest(Signals::Clock::now() + gap);
    }
    observer_.on_stopped();
}

Result<> Mirror::follow(const nats::ServerUrl& server, bool& was_working) {
    auto stream = Stream::connect(options_.connection, server, options_.follower.request_timeout,
                                  options_.stream, [signals = signals_] { signals->wake(); });
    if (!stream) return stream.error();
    Follower follower(options_.follower, **stream, journal_, *signals_, wall_ms_, memory_,
                      observer_);
    auto over = follower.run();
    was_working = follower.was_working();
    return over;
}

// A random part of a bound that doubles.
std::chrono::milliseconds Mirror::next_gap() {
    const auto bound = gap_bound_;
    gap_bound_ = std::min(gap_bound_ * 2, options_.connection.backoff_cap);
    std::uniform_int_distribution<std::int64_t> part(1, bound.count());
    return std::chrono::milliseconds(part(random_));
}

}  // namespace streamwall::jetstream
