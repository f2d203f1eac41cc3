// Attaching and detaching; routes and subscriptions from what neighbours announce.
#include "transport/mesh/parts.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <random>

namespace streamwall::transport {

namespace {

std::uint64_t random_boot() {
    std::random_device random;
    const auto boot = (std::uint64_t{random()} << 32) | random();
    return boot != 0 ? boot : 1;
}

}  // namespace

MeshParts::MeshParts(MeshOptions options, services::Registry& services, bus::Bus& bus,
                     exec::Timers& timers, const exec::Clock& clock, exec::Executor& pool,
                     telemetry::Logger& log)
    : shared{options, Subjects(options.prefix), random_boot(), services, bus, clock, log, {}, {}},
      calls(shared),
      events(shared),
      journals(
          shared, [this] { refresh_soon(); },
          [this](const std::string& epoch, std::uint64_t last) {
              on_strand([this, epoch, last] { journals.moved(epoch, last); });
          }),
      timers_(timers),
      strand_(exec::Strand::make("mesh", pool)) {
    identity_ = {options.peer,
                 options.node,
                 options.isolation,
                 options.version,
                 fmt::format("{:016x}", shared.boot),
                 ::getpid(),
                 clock.wall_ms()};
    party_.instance = "kernel";
    party_.address = "kernel@" + options.node;
    party_.strand = strand_;
}

void MeshParts::begin() {
    const auto every = std::chrono::nanoseconds(shared.options.announce_every).count() / 4;
    using Weak = std::weak_ptr<MeshParts>;
    ticks_timer_ = timers_.schedule(
        strand_, static_cast<std::uint64_t>(every), static_cast<std::uint64_t>(every),
        {[](void* arg) {
             const auto self = static_cast<Weak*>(arg)->lock();
             if (!self) return;
             const exec::GateHold hold(self->open_);
             if (hold) self->tick();
         },
         [](void* arg) { delete static_cast<Weak*>(arg); }, new Weak(weak_from_this())});
}

void MeshParts::close() {
    timers_.cancel(ticks_timer_);
    open_.close();
    open_.wait_empty(std::chrono::hours(24));
    for (const auto& line : lines_)
        end(*line, false);
    shared.routing.set(std::make_shared<const RouteTable>());
    std::lock_guard lock(mutex_);
    lines_.clear();
}

void MeshParts::attach(const std::string& name, std::shared_ptr<Transport> transport, Role role) {
    on_strand([this, attachment = std::make_shared<Attachment>(name, std::move(transport), role)] {
        auto line = std::make_unique<Line>();
        line->attachment = attachment;
        line->reason = "not connected yet";
        {
            std::lock_guard lock(mutex_);
            lines_.push_back(std::move(line));
        }
        // Subscribed before the first announcement brings the first call.
        refresh();
        attachment->transport->watch(
            [this, raw = attachment.get()](bool connected, std::string_view reason) {
                raw->connected = connected;
                on_strand([this, attachment = raw->shared_from_this(), connected,
                           why = std::string(reason)] {
                    connection_changed(attachment, connected, why);
                });
            });
    });
}

void MeshParts::detach(const std::string& name, std::function<void()> done) {
    strand_->post_function([self = shared_from_this(), this, name, done = std::move(done)] {
        const exec::GateHold hold(open_);
        const auto found = std::ranges::find_if(
            lines_, [&](const auto& line) { return line->attachment->name == name; });
        if (hold && found != lines_.end()) {
            std::unique_ptr<Line> ended;
            {
                std::lock_guard lock(mutex_);
                ended = std::move(*found);
                lines_.erase(found);
            }
            refresh();  // nothing goes that way any more
            end(*ended, true);
        }
        done();
    });
}

void MeshParts::stop(std::function<void()> done) {
    strand_->post_function([self = shared_from_this(), this, done = std::move(done)] {
        const exec::GateHold hold(open_);
        if (hold && !std::exchange(stopped_, true)) {
            std::vector<std::unique_ptr<Line>> ended;
            {
                std::lock_guard lock(mutex_);
                ended.swap(lines_);
            }
            refresh();
            for (const auto& line : ended)
                end(*line, true);
        }
        done();
    });
}

void MeshParts::end(Line& line, bool polite) {
    auto& transport = *line.attachment->transport;
    if (polite && line.attachment->connected) {
        Announcement leaving;
        leaving.peer = identity_;
        leaving.leave = true;
        transport.publish(shared.subjects.peers(), "", BufferRef(encode_announcement(leaving)));
    }
    transport.watch({});
    for (const auto& [subject, id] : line.subscriptions)
        transport.unsubscribe(id);
    line.subscriptions.clear();
    line.attachment->connected = false;
}

MeshParts::Line* MeshParts::find(const Attachment& attachment) {
    const auto found = std::ranges::find_if(
        lines_, [&](const auto& line) { return line->attachment.get() == &attachment; });
    return found == lines_.end() ? nullptr : found->get();
}

void MeshParts::connection_changed(const AttachmentPtr& attachment, bool connected,
                                   std::string reason) {
    auto* line = find(*attachment);
    if (line == nullptr) return;
    {
        std::lock_guard lock(mutex_);
        line->reason = connected ? "" : reason;
    }
    const auto level = connected ? telemetry::Level::kInfo : telemetry::Level::kWarn;
    shared.log.log(level, connected ? "transport.connected" : "transport.disconnected",
                   attachment->name,
                   connected ? "connected to other processes" : "not connected: " + reason);
    gone_because_ = "the connection was lost";
    refresh();
    if (connected) announce(*line, true);
}

void MeshParts::refresh_soon() {
    if (refresh_posted_.exchange(true)) return;
    on_strand([this] {
        refresh_posted_ = false;
        refresh();
    });
}

Own MeshParts::own() const {
    Own out;
    out.peer = identity_;
    for (const auto& info : shared.services.list()) {
        if (info.provider.empty() || shared.options.peer_services.contains(info.service)) continue;
        const bool within = shared.options.node_services.contains(info.service);
        (within ? out.node_services : out.services).insert(info.service);
    }
    out.patterns = shared.bus.patterns();
    out.follows = journals.followed();
    out.journals = journals.own();
    return out;
}

std::vector<Side> MeshParts::sides() const {
    std::vector<Side> out;
    for (const auto& line : lines_) {
        Side side{line->attachment->role, line->attachment->connected, {}};
        for (const auto& [name, neighbour] : line->neighbours)
            side.peers.push_back(&neighbour.said);
        out.push_back(std::move(side));
    }
    return out;
}

void MeshParts::refresh() {
    const auto mine = own();
    const auto seen = sides();
    const bool serves = refused_.empty();
    auto paths = serves ? find_paths(mine, seen) : Paths{};
    paths.patterns.resize(lines_.size());
    shared.routing.set(std::make_shared<const RouteTable>(make_table(paths)));
    std::set<std::string> interests;
    for (const auto& patterns : paths.patterns)
        interests.insert(patterns.begin(), patterns.end());
    if (std::exchange(interests_, interests) != interests) shared.bus.interest_changed();
    for (std::size_t at = 0; at < lines_.size(); ++at) {
        auto& line = *lines_[at];
        auto wanted = announcement_for(mine, seen, at);
        subscribe(line, wanted);
        const bool is_told = line.announced && says_the_same(*line.announced, wanted);
        line.announced = std::move(wanted);
        if (!is_told) announce(line, false);
    }
    Paths before;
    {
        std::lock_guard lock(mutex_);
        before = std::exchange(paths_, paths);
    }
    notice(before, paths);
    journals.update(paths.journals);
    gone_because_.clear();
}

RouteTable MeshParts::make_table(const Paths& paths) const {
    RouteTable table;
    for (const auto& [service, ways] : paths.services) {
        auto& targets = table.services[service];
        for (const auto side : ways)
            targets.push_back({lines_[side]->attachment, shared.subjects.call(service)});
    }
    for (const auto& [name, peer] : paths.peers) {
        table.peers[name] = {lines_[peer.side]->attachment, shared.subjects.peer(peer.next)};
    }
    for (std::size_t side = 0; side < paths.patterns.size(); ++side) {
        const auto& patterns = paths.patterns[side];
        if (patterns.empty()) continue;
        table.interests.push_back({lines_[side]->attachment, {patterns.begin(), patterns.end()}});
    }
    for (const auto& [epoch, ways] : paths.followers) {
        auto& to = table.followers[epoch];
        for (const auto side : ways)
            to.push_back(lines_[side]->attachment);
    }
    return table;
}

// Callbacks hold plain pointers: unsubscribing waits for those that run.
void MeshParts::subscribe(Line& line, const Announcement& wanted) {
    struct Wanted {
        std::string_view group;
        MessageFn on_message;
    };
    std::map<std::string, Wanted> subjects;
    auto* at = line.attachment.get();
    subjects[shared.subjects.peers()] = {
        "", [this, at](const Message& message) {
            on_strand([this, from = at->shared_from_this(), text = BufferRef::share(message.body)] {
                heard(from, text);
            });
        }};
    if (refused_.empty()) {
        const MessageFn on_call = [this, at](const Message& m) { calls.arrived(*at, m); };
        subjects[shared.subjects.peer(shared.options.peer)] = {"", on_call};
        subjects[shared.subjects.cancel()] = {
            "", [this, at](const Message& m) { calls.cancellation_arrived(*at, m); }};
        for (const auto* names : {&wanted.services, &wanted.node_services}) {
            for (const auto& service : *names)
                subjects[shared.subjects.call(service)] = {Subjects::kCallGroup, on_call};
        }
        for (const auto& pattern : wanted.patterns) {
            subjects[shared.subjects.event(pattern)] = {
                "", [this, at, pattern](const Message& m) { events.arrived(*at, pattern, m); }};
        }
        for (const auto& epoch : wanted.follows) {
            subjects[shared.subjects.journal(epoch)] = {
                "", [this, at](const Message& m) { journals.arrived(*at, m); }};
        }
    }
    auto& transport = *at->transport;
    for (auto& [subject, one] : subjects) {
        if (line.subscriptions.contains(subject)) continue;
        auto id = transport.subscribe(subject, one.group, std::move(one.on_message));
        if (id)
            line.subscriptions[subject] = *id;
        else
            shared.log.warn("transport.subscribe", at->name,
                            fmt::format("cannot subscribe to {}: {}", subject, id.error().message));
    }
    at->set_patterns({wanted.patterns.begin(), wanted.patterns.end()});
    for (auto one = line.subscriptions.begin(); one != line.subscriptions.end();) {
        if (subjects.contains(one->first)) {
            ++one;
            continue;
        }
        transport.unsubscribe(one->second);
        one = line.subscriptions.erase(one);
    }
}

}  // namespace streamwall::transport
