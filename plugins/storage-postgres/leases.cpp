#include "leases.hpp"

namespace streamwall::postgres {
namespace {

// An owner of '' has given the lease up. A server that was away has kept owners from renewing, so
// each lease lasts one ttl more from the server's start: lease_end() of the schema.
constexpr std::string_view kClaim =
    "INSERT INTO leases (service, name, owner, token, ttl_ms, ends_at)"
    " VALUES ($1, $2, $3, 1, $4::bigint, clock_timestamp() + $4::bigint * interval '1 millisecond')"
    " ON CONFLICT (service, name) DO UPDATE SET owner = excluded.owner, token = leases.token + 1,"
    " ttl_ms = excluded.ttl_ms, ends_at = excluded.ends_at"
    " WHERE leases.owner IN ('', excluded.owner)"
    " OR lease_end(leases.ends_at, leases.ttl_ms) <= clock_timestamp()"
    " RETURNING owner, token";
constexpr std::string_view kRenew =
    "UPDATE leases SET ttl_ms = $4::bigint, ends_at = clock_timestamp() + $4::bigint * interval '1 "
    "millisecond'"
    " WHERE service = $1 AND name = $2 AND owner = $3 AND token = $5 RETURNING owner, token";
constexpr std::string_view kRelease =
    "UPDATE leases SET owner = '', ends_at = '-infinity'"
    " WHERE service = $1 AND name = $2 AND owner = $3 AND token = coalesce($4, token)";
constexpr std::string_view kHolder =
    "SELECT owner, token, CASE WHEN owner = '' THEN 0 ELSE greatest(0, ceil(1000 * extract("
    "epoch FROM lease_end(ends_at, ttl_ms) - clock_timestamp())))::bigint END"
    " FROM leases WHERE service = $1 AND name = $2";

constexpr std::string_view kSaveLeased =
    "WITH held AS (SELECT 1 FROM leases WHERE service = 'journal' AND name = $5 AND token = $6"
    " AND owner <> '' FOR SHARE)"
    " INSERT INTO positions (name, epoch, sequence, parked)"
    " SELECT added.* FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) AS added, held"
    " ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence,"
    " parked = excluded.parked";

storage::Value token_of(const storage::LeaseRequest& request) {
    if (request.token) return *request.token;
    return std::monostate{};
}

}  // namespace

Task<Answer> run_lease(Connection& connection, std::string_view service,
                       const storage::LeaseRequest& request) {
    const std::string_view name = request.name;
    const std::string_view owner = request.owner;
    if (request.release) {
        co_await connection.query(kRelease, {service, name, owner, token_of(request)});
        co_return std::string("{}");
    }
    Pipeline pipeline;
    if (request.token) {
        pipeline.add_values(kRenew, {service, name, owner, request.ttl_ms, *request.token});
    } else {
        pipeline.add_values(kClaim, {service, name, owner, request.ttl_ms});
    }
    pipeline.add_values(kHolder, {service, name});
    auto replies = co_await connection.run(pipeline);
    auto& granted = replies.check().rows.front();
    if (granted.step()) {
        co_return storage::render(
            {true, std::string(granted.text(0)), granted.integer(1), request.ttl_ms});
    }
    auto& holder = replies.rows.back();
    if (!holder.step()) co_return storage::render({});
    co_return storage::render(
        {false, std::string(holder.text(0)), holder.integer(1), holder.integer(2)});
}

Task<Answer> save_leased_positions(Connection& connection, const storage::LeaseProof& proof,
                                   const std::map<std::string, storage::Position>& positions) {
    PositionColumns columns;
    for (const auto& [name, position] : positions)
        columns.add(name, position);
    Pipeline pipeline;
    // Durable within a second is enough, and the server syncs several times in one.
    pipeline.add("BEGIN").add("SET LOCAL synchronous_commit = off");
    auto values = columns.keep_in(pipeline);
    values.emplace_back(std::string_view(proof.name));
    values.emplace_back(proof.token);
    pipeline.add_values(kSaveLeased, std::move(values)).add("COMMIT");
    auto replies = co_await connection.run(pipeline);
    if (replies.failure) {
        co_await connection.query("ROLLBACK");
        throw *replies.failure;
    }
    if (!positions.empty() && replies.rows[2].affected() == 0) {
        co_return std::unexpected(storage::lease_lost(proof.name));
    }
    co_return std::string("{}");
}

void PositionColumns::add(std::string_view name, const storage::Position& position) {
    names_.add(name);
    epochs_.add(std::string_view(position.epoch));
    sequences_.add(position.sequence);
    parked_.add(std::string_view(position.parked));
}

std::vector<storage::Value> PositionColumns::keep_in(Pipeline& pipeline) {
    return {pipeline.keep(std::move(names_)), pipeline.keep(std::move(epochs_)),
            pipeline.keep(std::move(sequences_)), pipeline.keep(std::move(parked_))};
}

}  // namespace streamwall::postgres
