#include "kept_presence.hpp"

#include <streamwall/contracts/cache.hpp>

#include <boost/json.hpp>

#include <utility>

namespace streamwall::collaboration {

namespace {

namespace bj = boost::json;
namespace cache = contracts::cache;

// The same in every run: FNV-1a.
std::size_t entry_of(std::string_view room) {
    std::uint32_t hash = 2'166'136'261;
    for (const char c : room)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619;
    return hash % KeptPresence::kEntries;
}

}  // namespace

Task<Result<>> KeptPresence::open() {
    for (const auto& [method, name] : {std::pair{&get_, "get"}, std::pair{&set_, "set"}}) {
        auto resolved = plugin_.services().resolve(cache::kService, name);
        if (!resolved) co_return std::move(resolved).error();
        *method = *resolved;
    }
    opened_ms_ = plugin_.host().wall_ms();
    const bool is_loaded = co_await load();
    state_ = is_loaded ? State::kKeeping : State::kWaiting;
    co_return ok();
}

// False where the cache can't be asked.
Task<bool> KeptPresence::load() {
    const auto context = plugin_.host().own_context(std::chrono::seconds(3));
    for (std::size_t entry = 0; entry < kEntries; ++entry) {
        auto reply = co_await coro::call(plugin_.services(), get_,
                                         cache::get_request(kNamespace, std::to_string(entry)),
                                         context.raw());
        if (!reply) co_return false;
        if (const auto value = cache::value_of(reply->view())) restore(*value);
    }
    co_return true;
}

void KeptPresence::restore(std::string_view sessions) {
    try {
        for (const auto& session : bj::parse(sessions).as_array())
            presence_.restore(session.as_object());
    } catch (const std::exception& problem) {  // of another version: hubs will tell
        plugin_.log().warn("collaboration.presence_not_restored", problem.what());
    }
}

Task<> KeptPresence::load_again() {
    const bool is_loaded = co_await load();
    state_ = is_loaded ? State::kKeeping : State::kWaiting;
}

void KeptPresence::tick(std::int64_t now_ms) {
    if (state_ == State::kWaiting && now_ms < opened_ms_ + kCachePatienceMs) {
        state_ = State::kLoading;
        return tasks_.start(load_again());
    }
    if (state_ == State::kLoading) return;
    state_ = State::kKeeping;
    for (const auto& room : presence_.take_changed())
        changed_.set(entry_of(room));
    if (now_ms >= renew_ms_) {
        renew_ms_ = now_ms + kRenewMs;
        changed_ |= used_;
    }
    const auto due = changed_ & ~busy_;
    if (due.none()) return;
    std::array<bj::array, kEntries> sessions;
    for (const auto& room : presence_.rooms()) {
        const auto entry = entry_of(room);
        if (due[entry]) sessions[entry].push_back(presence_.save(room));
    }
    changed_ &= ~due;
    busy_ |= due;
    for (std::size_t entry = 0; entry < kEntries; ++entry) {
        if (!due[entry]) continue;
        used_[entry] = !sessions[entry].empty();
        tasks_.start(write(entry, bj::serialize(sessions[entry])));
    }
}

// What could not be written is due again when all of it is.
Task<> KeptPresence::write(std::size_t entry, std::string sessions) {
    const auto context = plugin_.host().own_context(std::chrono::seconds(3));
    const auto done = co_await coro::call(
        plugin_.services(), set_,
        cache::set_request(kNamespace, std::to_string(entry), sessions, kTtl), context.raw());
    busy_.reset(entry);
    if (done) co_return;
    used_.set(entry);
    if (done.error().code != SW_UNAVAILABLE) {
        plugin_.log().warn("collaboration.presence_not_kept", done.error().message);
    }
}

std::vector<std::string> KeptPresence::take_missing(std::int64_t now_ms) {
    return now_ms < opened_ms_ + kPatienceMs ? std::vector<std::string>() : presence_.expected();
}

}  // namespace streamwall::collaboration
