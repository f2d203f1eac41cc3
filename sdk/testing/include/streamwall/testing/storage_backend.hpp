// What the storage conformance kit needs of a back end: a way to call it, and its clock.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace streamwall::testing {

// The answer to one call; `status` is an sw_status.
struct StorageReply {
    std::int32_t status = 0;
    std::string body;     // JSON text where status is 0
    std::string message;  // else
    std::string details;  // JSON text or empty
};

// One empty store with its journal. Destroying `owner` ends it.
struct StorageBackend {
    std::shared_ptr<void> owner;
    // Blocks until the answer is there; callable from many threads at once.
    std::function<StorageReply(std::string_view service, std::string_view method,
                               const std::string& request)>
        call;
    // Moves the clock that the back end reads for record and event times; negative moves it back.
    std::function<void(std::int64_t milliseconds)> move_clock;
    // The identity that the calls carry, for the metadata of events: principal user "u1" named
    // "Ada", correlation id "c1", causation id "evt-0", trace id 0af7651916cd43dd8448eb211c80319c;
    // caller "tester@main".
};

using StorageBackendFactory = std::function<StorageBackend()>;

}  // namespace streamwall::testing
