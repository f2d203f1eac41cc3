// Journals: what is committed here goes to who follows it, what others commit comes into feeds.
#pragma once

#include "transport/mesh/routing.hpp"

#include <map>
#include <set>
#include <span>

namespace streamwall::transport {

// Thread-safe but where a strand is named.
class Journals {
  public:
    // Events of one commit travel in frames of about this many bytes; a longer event has to be
    // read.
    static constexpr std::size_t kFrame = 64u << 10;

    // `changed`: there is something else to announce. `moved`: a journal said how far it is,
    // without events; moved() is to be called with the same on the mesh's strand.
    using Moved = std::function<void(const std::string& epoch, std::uint64_t last)>;
    Journals(MeshShared& shared, std::function<void()> changed, Moved moved)
        : shared_(shared), changed_(std::move(changed)), moved_(std::move(moved)) {}

    void set_own(const std::string& epoch, std::uint64_t first, std::uint64_t last);
    std::vector<JournalInfo> own() const;  // one, or none
    // In the order of the commits; not from two threads at once.
    void publish_committed(std::span<const bus::EventPtr> events);

    std::shared_ptr<bus::Feed> follow(const std::string& epoch, std::function<void()> unfollowed);
    std::set<std::string> followed() const;
    // From the transport, on its thread.
    void arrived(Attachment& via, const Message& message);

    std::vector<JournalInfo> known() const;
    std::uint64_t watch(Mesh::JournalChanged changed);
    void unwatch(std::uint64_t id);
    // On the mesh's strand: what the neighbours announce now. Tells the watchers.
    void update(const std::map<std::string, JournalInfo>& announced);
    // On the mesh's strand.
    void moved(const std::string& epoch, std::uint64_t last);
    // On the mesh's strand: tells a new watcher what is known.
    void introduce(std::uint64_t watcher);

  private:
    struct Followed {
        std::weak_ptr<bus::Feed> feed;
        std::mutex arriving;
        std::uint64_t last = 0;  // under `arriving`
    };
    struct Watcher {
        Mesh::JournalChanged changed;
        exec::Gate gate;
    };
    void tell(const JournalInfo& journal, bool gone);
    void publish(std::string_view epoch, std::uint64_t last, std::span<const bus::EventPtr> events,
                 const std::vector<AttachmentPtr>& to);

    MeshShared& shared_;
    const std::function<void()> changed_;
    const Moved moved_;
    mutable std::mutex mutex_;
    JournalInfo own_;
    std::map<std::string, std::shared_ptr<Followed>, std::less<>> followed_;
    std::map<std::string, JournalInfo> known_;
    std::map<std::uint64_t, std::shared_ptr<Watcher>> watchers_;
    std::uint64_t next_watcher_ = 1;
};

}  // namespace streamwall::transport
