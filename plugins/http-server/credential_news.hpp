// CredentialNews: which credentials have changed, as far as it was heard, and whether all of it
// was.
//
// Who knows of changes (a teller, see <streamwall/contracts/accounts.hpp>) numbers them and says
// again and again how many there were. A number that was left out, a teller that nobody knew, and
// one that fell silent without saying that it ends, mean that changes may have been missed.
#pragma once

#include "auth.hpp"
#include "host.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace streamwall::http_server {

class CredentialNews {
  public:
    // How long a teller may be silent. So long at most is taken for granted what has ended.
    static constexpr std::chrono::seconds kSilence{15};
    // One that was silent so long when a new one appears was its predecessor.
    static constexpr std::chrono::seconds kGone{3};

    // How many changes there were up to now, as a teller says.
    enum class Manner : std::uint8_t {
        kCount,   // from time to time
        kChange,  // with the last of them
        kReply,   // beside what it was asked; changes may still be on their way
        kEnd,     // nothing follows
    };
    struct Told {
        std::string_view teller;
        std::int64_t count = 0;
        Manner manner = Manner::kCount;
        // Where it runs, one at a time; empty: not known yet.
        std::string_view place = {};
    };
    // True where what was known before is in doubt: changes may have been missed, or somebody tells
    // of them who may judge by other settings. [any]
    bool heard(const Told& told, Time now);
    // Whether all that has changed up to now is known, but for what is on its way. [any]
    bool is_current(Time now) const { return now.time_since_epoch().count() < current_until_; }

    // Notes a change; everybody's where nobody is named. [any]
    void note(const PrincipalId& who);
    void note_doubt();
    // A place among the notes, and whether anything was noted of this principal since. [any]
    std::uint64_t position() const;
    bool has_changed(const PrincipalId& who, std::uint64_t since) const;

  private:
    static constexpr std::size_t kNotes = 256;  // whoever asks about older ones is told "yes"
    static constexpr std::size_t kMostTellers = 16;

    struct Teller {
        std::int64_t count = 0;
        Time heard{};
        std::string place{};
    };
    bool drop_silent(Time since);
    void succeed(const Told& told);
    bool greet(const Told& told, Time now);
    void trust();

    mutable std::mutex mutex_;
    std::map<std::string, Teller, std::less<>> tellers_;
    std::atomic<Time::rep> current_until_{Time::min().time_since_epoch().count()};
    std::array<PrincipalId, kNotes> notes_{};
    std::uint64_t noted_ = 0;
    std::uint64_t doubted_ = 0;  // the place behind the last doubt
};

}  // namespace streamwall::http_server
