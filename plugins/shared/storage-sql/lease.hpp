// `lease` of both services: its requests and replies, and the proof of one in save_positions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage-sql/json_text.hpp"

namespace streamwall::storage {

struct LeaseRequest {
    std::string name;
    std::string owner;
    std::optional<std::int64_t> token;  // given: renews, or releases, that lease alone
    std::int64_t ttl_ms = 0;
    bool release = false;
};
Result<LeaseRequest> parse_lease(const Document& request);

// What became of a claim or a renewal; where it was refused, who holds the lease.
struct LeaseReply {
    bool granted = false;
    std::string owner;
    std::int64_t token = 0;
    std::int64_t expires_in_ms = 0;
};
std::string render(const LeaseReply& reply);

struct LeaseProof {
    std::string name;
    std::int64_t token = 0;
};
// Of save_positions; nothing where the request names no lease.
Result<std::optional<LeaseProof>> parse_lease_proof(const Document& request);

Error lease_lost(std::string_view name);

}  // namespace streamwall::storage
