#include "fan_out.hpp"

#include "server.hpp"
#include "worker.hpp"
#include "ws_session.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace streamwall::http_server {
namespace {

constexpr std::chrono::microseconds kLongRound{500};  // a shorter one is not worth waiting for

WsSession& as_websocket(const SessionPtr& session) {
    return static_cast<WsSession&>(*session);
}

}  // namespace

Topic::Topic(Server& server, std::vector<FanOut*> loops, const sw_lease* lease)
    : server_(server), loops_(std::move(loops)), lease_(lease), shards_(new Shard[loops_.size()]) {}

void Topic::publish(std::string_view payload, std::string_view merge_key) {
    const auto frame = Frame::make(Opcode::kText, payload);
    // Whoever is about to join gets a frame that is not compressed, which is as good.
    if (deflating_.load(std::memory_order_relaxed) > 0) {
        frame->set_deflated(server_.compress(Opcode::kText, payload));
    }
    // Held over all pushes: two publishers at once are seen in one order on every loop.
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    frame->set_topic(this, ++sequence_, merge_key);
    if (frame->deflated() != nullptr) frame->deflated()->set_topic(this, sequence_, merge_key);
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        if (shards_[i].count.load(std::memory_order_relaxed) == 0) continue;
        loops_[i]->push({TopicPtr(this), nullptr, frame});
    }
}

void Topic::close() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    for (auto* loop : loops_)
        loop->push({TopicPtr(this), nullptr, nullptr});
}

void Topic::join(WsSession& session) {
    if (!session.is_open()) return;
    for (const auto& membership : session.memberships) {
        if (membership.topic == this) return;
    }
    auto& shard = shards_[session.worker().fan_out.index()];
    std::uint64_t since = 0;
    {
        // A publish either comes before (and is not for us) or sees the new count.
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        since = sequence_;
        shard.count.fetch_add(1, std::memory_order_relaxed);
    }
    if (session.takes_deflated()) deflating_.fetch_add(1, std::memory_order_relaxed);
    session.memberships.push_back(
        {TopicPtr(this), static_cast<std::uint32_t>(shard.members.size())});
    shard.members.push_back({&session, since});
}

void Topic::leave(WsSession& session) {
    const auto own = std::ranges::find(session.memberships, this,
                                       [](const auto& each) { return each.topic.get(); });
    if (own == session.memberships.end()) return;
    auto& shard = shards_[session.worker().fan_out.index()];
    const auto position = own->position;
    WsSession* last = shard.members.back().session;
    shard.members[position] = shard.members.back();
    shard.members.pop_back();
    for (auto& membership : last->memberships) {
        if (membership.topic == this) membership.position = position;
    }
    shard.count.fetch_sub(1, std::memory_order_relaxed);
    if (session.takes_deflated()) deflating_.fetch_sub(1, std::memory_order_relaxed);
    const TopicPtr keep = own->topic;
    *own = std::move(session.memberships.back());
    session.memberships.pop_back();
}

void FanOut::push_all(std::span<Delivery> deliveries) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        wake = inbox_.empty() && !draining_;
        inbox_.insert(inbox_.end(), std::move_iterator(deliveries.begin()),
                      std::move_iterator(deliveries.end()));
    }
    if (wake) post_drain();
}

// Each loop compresses for those of its connections that want that, in a frame of their own.
void send_to_all(std::span<sw_ws_connection* const> connections, std::string_view payload) {
    const auto shared = Frame::make(Opcode::kText, payload);
    std::vector<std::pair<FanOut*, std::vector<Delivery>>> loops;
    for (auto* connection : connections) {
        auto& session = static_cast<WsSession&>(*connection);
        auto* loop = &session.worker().fan_out;
        auto found =
            std::ranges::find(loops, loop, &std::pair<FanOut*, std::vector<Delivery>>::first);
        if (found == loops.end()) found = loops.insert(found, {loop, {}});
        const auto frame = session.takes_deflated() ? Frame::make(Opcode::kText, payload) : shared;
        found->second.push_back({nullptr, SessionPtr(&session), frame});
    }
    for (auto& [loop, deliveries] : loops)
        loop->push_all(deliveries);
}

void FanOut::drain() {
    if (waits_for_more()) return;
    const auto began = Clock::now();
    {
        const std::lock_guard lock(mutex_);
        draining_ = true;
        taken_.swap(inbox_);
    }
    is_busy_ = taken_.size() > 1;
    take_all();
    flush_dirty();
    last_end_ = Clock::now();
    last_took_ = last_end_ - began;
    // What came meanwhile waits for its turn behind the loop's sockets.
    const std::lock_guard lock(mutex_);
    draining_ = false;
    if (!inbox_.empty()) post_drain();
}

// Puts a busy loop's round off, once. The inbox is not empty meanwhile, so that nobody wakes us.
bool FanOut::waits_for_more() {
    if (std::exchange(has_waited_, false) || !is_busy_ || last_took_ < kLongRound) return false;
    const Duration longest = worker_.services.options.websocket_gather;
    const auto until = last_end_ + std::min(last_took_, longest);
    const auto now = Clock::now();
    if (now >= until) return false;
    has_waited_ = true;
    ++worker_.traffic.delayed;
    worker_.loop.post_after(
        until - now, [](void* self) { static_cast<FanOut*>(self)->drain(); }, this);
    return true;
}

void FanOut::take_all() {
    for (auto& delivery : taken_) {
        if (delivery.session && !delivery.frame) {
            as_websocket(delivery.session).tell_when_written();
        } else if (delivery.session) {
            send(as_websocket(delivery.session), delivery.frame);
        } else if (delivery.frame) {
            deliver(*delivery.topic, delivery.frame, taken_.size() == 1);
        } else {
            drop(*delivery.topic);
        }
    }
    taken_.clear();
}

void FanOut::post_drain() {
    worker_.loop.post([](void* self) { static_cast<FanOut*>(self)->drain(); }, this);
}

// A frame that is alone in its round needs no queue where the socket takes it at once.
void FanOut::deliver(Topic& topic, const FramePtr& frame, bool is_alone) {
    auto& members = topic.shards_[index_].members;
    std::uint32_t plain = 0, deflated = 0;  // references that went along
    frame->add_references(static_cast<std::uint32_t>(members.size()));
    auto* const other = frame->deflated();
    if (other != nullptr) other->add_references(static_cast<std::uint32_t>(members.size()));
    for (const auto& member : members) {
        if (frame->sequence() <= member.since) continue;
        auto* chosen = member.session->choose(frame.get());
        if (is_alone && member.session->write_through(*chosen)) continue;
        ++(chosen == other ? deflated : plain);
        member.session->enqueue_adopted(chosen);
    }
    // What was not needed goes back at once, too.
    frame->drop_references(static_cast<std::uint32_t>(members.size()) - plain);
    if (other != nullptr) {
        other->drop_references(static_cast<std::uint32_t>(members.size()) - deflated);
    }
}

void FanOut::send(WsSession& session, const FramePtr& frame) {
    if (frame->is_message() && session.takes_deflated(frame->payload().size())) {
        frame->set_deflated(worker_.deflater().compress(frame->opcode(), frame->payload()));
    }
    session.enqueue(FramePtr(session.choose(frame.get())));
}

void FanOut::drop(Topic& topic) {
    auto& members = topic.shards_[index_].members;
    while (!members.empty())
        topic.leave(*members.back().session);
}

void FanOut::mark_dirty(WsSession& session) {
    if (session.dirty) return;
    session.dirty = true;
    dirty_.emplace_back(&session);
    if (draining_ || flush_posted_) return;
    flush_posted_ = true;
    worker_.loop.post([](void* self) { static_cast<FanOut*>(self)->flush_dirty(); }, this);
}

void FanOut::flush_dirty() {
    flush_posted_ = false;
    // By index: a callback of one session may mark another.
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
        const auto session = std::move(dirty_[i]);
        as_websocket(session).dirty = false;
        as_websocket(session).flush();
    }
    dirty_.clear();
    worker_.report_traffic();
}

}  // namespace streamwall::http_server
