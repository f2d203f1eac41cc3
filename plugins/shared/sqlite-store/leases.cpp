#include "sqlite-store/leases.hpp"

#include <algorithm>

namespace streamwall::sqlite {

void Leases::restore(std::vector<StoredLease> leases) {
    const std::lock_guard lock(mutex_);
    for (auto& lease : leases) {
        leases_[{std::move(lease.service), std::move(lease.name)}] = {
            std::move(lease.owner), lease.token, now_() + lease.ttl_ms};
    }
}

Leases::Outcome Leases::ask(std::string_view service, const storage::LeaseRequest& request) {
    const std::lock_guard lock(mutex_);
    const std::int64_t now = now_();
    auto& lease = leases_[{std::string(service), request.name}];
    const bool is_owner = lease.owner == request.owner;
    const bool granted = request.token ? is_owner && *request.token == lease.token
                                       : is_owner || lease.owner.empty() || lease.ends_ms <= now;
    if (!granted) {
        return {{false, lease.owner, lease.token, std::max<std::int64_t>(lease.ends_ms - now, 0)}};
    }
    if (!request.token) ++lease.token;
    lease.owner = request.owner;
    lease.ends_ms = now + request.ttl_ms;
    Outcome outcome{{true, lease.owner, lease.token, request.ttl_ms}};
    if (!request.token) {
        outcome.store = {std::string(service), request.name, lease.owner, lease.token,
                         request.ttl_ms};
    }
    return outcome;
}

std::optional<StoredLease> Leases::release(std::string_view service,
                                           const storage::LeaseRequest& request) {
    const std::lock_guard lock(mutex_);
    const auto found = leases_.find({std::string(service), request.name});
    if (found == leases_.end()) return std::nullopt;
    auto& lease = found->second;
    if (lease.owner != request.owner || request.token.value_or(lease.token) != lease.token) {
        return std::nullopt;
    }
    lease.owner.clear();
    lease.ends_ms = 0;
    return StoredLease{std::string(service), request.name, {}, lease.token, 0};
}

bool Leases::proves(std::string_view service, const storage::LeaseProof& proof) const {
    const std::lock_guard lock(mutex_);
    const auto found = leases_.find({std::string(service), proof.name});
    return found != leases_.end() && !found->second.owner.empty() &&
           found->second.token == proof.token;
}

Answer LeaseJob::run(Batch& batch) {
    auto cursor = batch.database.prepare(
        "INSERT INTO leases (service, name, owner, token, ttl_ms) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (service, name) DO UPDATE SET owner = excluded.owner, token = excluded.token,"
        " ttl_ms = excluded.ttl_ms WHERE excluded.token >= token");
    cursor.bind(1, std::string_view(lease_.service)).bind(2, std::string_view(lease_.name));
    cursor.bind(3, std::string_view(lease_.owner)).bind(4, lease_.token);
    cursor.bind(5, lease_.ttl_ms).finish();
    return reply_;
}

std::vector<StoredLease> read_leases(Connection& connection) {
    std::vector<StoredLease> out;
    auto row = connection.prepare("SELECT service, name, owner, token, ttl_ms FROM leases");
    while (row.step()) {
        out.push_back({std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                       row.integer(3), row.integer(4)});
    }
    return out;
}

}  // namespace streamwall::sqlite
