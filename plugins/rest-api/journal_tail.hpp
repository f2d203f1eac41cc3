// JournalTail: tells those who wait for news when the journal has grown. While nobody waits it asks
// for nothing; for all who wait it asks once.
#pragma once

#include "journal_cursor.hpp"

#include <streamwall/sdk/services.hpp>

#include <chrono>
#include <functional>
#include <mutex>
#include <vector>

namespace streamwall::rest_api {

class JournalTail {
  public:
    enum class News {
        kGrown,    // or not what it was
        kSilence,  // nothing for a while
        kClosed,   // there will be none
    };
    using Wake = std::move_only_function<void(News)>;

    // How soon news are told, and how long silence lasts.
    static constexpr std::chrono::milliseconds kEvery{100};
    static constexpr std::chrono::seconds kSilence{10};

    // `events` is the store's method.
    void start(const Host& host, const Services& services, Method events);
    // No news is told any more, nor waited for.
    void close();

    // `wake` runs once, maybe before this returns. [any thread]
    void wait(JournalPlace known, Wake wake);
    bool is_closed() const;

  private:
    struct Waiting {
        JournalPlace known;
        std::uint64_t since_ns;
        Wake wake;
    };
    void ask();
    void heard(const Result<Buffer>& reply);
    template <class Concerns>
    void tell(News news, Concerns concerns);

    const Host* host_ = nullptr;
    const Services* services_ = nullptr;
    Method events_;
    Timer timer_;
    mutable std::mutex mutex_;
    std::vector<Waiting> waiting_;
    bool is_asked_ = false;
    bool is_closed_ = false;
};

}  // namespace streamwall::rest_api
