// Journals that the mesh announces, and calls to them.
#include "runtime/peer_journals.hpp"

#include <string_view>

namespace streamwall::runtime {

namespace {

// What a dying connection swallowed is asked for again soon: a lease, which is to be renewed each
// second and of which one claim at a time is under way, sooner than what may be long.
std::chrono::nanoseconds patience(std::string_view method) {
    return method == "lease" ? std::chrono::seconds(1) : std::chrono::seconds(2);
}

}  // namespace

void PeerPort::call(Party& party, const char* method, const std::string& request,
                    bus::Done<std::string> done) {
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = str("service");
    context.caller = str(party.address);
    context.deadline_ns =
        clock_.monotonic_ns() + static_cast<std::uint64_t>(patience(method).count());
    std::string peer;
    {
        std::lock_guard lock(mutex_);
        peer = peer_;
    }
    mesh_.call_peer(
        peer, "journal", method, BufferRef(request), context,
        [strand = party.strand,
         done = std::move(done)](std::expected<BufferRef, Failure> answer) mutable {
            strand->post_function([answer = std::move(answer), done = std::move(done)]() mutable {
                if (answer) return done(std::string(answer->text()));
                done(std::unexpected(std::move(answer.error())));
            });
        });
}

void PeerPort::set_peer(const std::string& peer) {
    std::lock_guard lock(mutex_);
    peer_ = peer;
}

PeerJournals::PeerJournals(transport::Mesh& mesh, bus::Journals& journals, const exec::Clock& clock)
    : mesh_(mesh), journals_(journals), clock_(clock) {
    watch_ = mesh_.watch_journals(
        [this](const transport::JournalInfo& info, bool gone) { changed(info, gone); });
}

PeerJournals::~PeerJournals() {
    mesh_.unwatch_journals(watch_);
}

// A journal is its epoch: it may be reached through another peer the next time.
void PeerJournals::changed(const transport::JournalInfo& info, bool gone) {
    auto& known = known_[info.epoch];
    if (known.journal) {
        if (!gone) known.port->set_peer(info.peer);
        return journals_.told(known.journal, info.last, !gone);
    }
    if (gone) return;
    known.port = std::make_shared<PeerPort>(mesh_, clock_);
    known.port->set_peer(info.peer);
    known.journal =
        std::make_shared<bus::Journal>(info.epoch, info.peer, known.port, mesh_.follow(info.epoch));
    known.journal->last = info.last;
    journals_.add(known.journal);
}

}  // namespace streamwall::runtime
