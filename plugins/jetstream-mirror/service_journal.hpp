// ServiceJournal: the service `journal` of this process, asked from a thread that waits.
#pragma once

#include "journal.hpp"

#include <streamwall/sdk/services.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace streamwall::jetstream {

class ServiceJournal final : public Journal {
  public:
    ServiceJournal(const Host& host, const Services& services, Method read)
        : host_(host), services_(services), read_(read) {}

    Result<Page> read(std::uint64_t after, std::size_t limit) override;
    // Ends a read() that waits, and all that follow, with CANCELLED. [any]
    void stop();

  private:
    // Outlives the journal where an answer comes late.
    struct Waiting {
        std::mutex mutex;
        std::condition_variable changed;
        std::optional<Result<Buffer>> reply;
        std::uint64_t asked = 0;
        bool stopping = false;
    };

    const Host& host_;
    const Services& services_;
    const Method read_;
    const std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
};

}  // namespace streamwall::jetstream
