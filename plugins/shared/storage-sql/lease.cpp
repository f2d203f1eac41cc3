#include "storage-sql/lease.hpp"

#include "storage-sql/requests.hpp"

namespace streamwall::storage {
namespace {

constexpr std::size_t kMaxName = 255;
constexpr std::int64_t kMaxTtlMs = 3'600'000;

Result<std::string> bounded_text(const boost::json::object& from, std::string_view member) {
    std::string text(text_member(from, member));
    if (text.empty() || text.size() > kMaxName) {
        return invalid(member, "\"" + std::string(member) + "\" is a text of 1 to " +
                                   std::to_string(kMaxName) + " bytes");
    }
    return text;
}

}  // namespace

Result<LeaseRequest> parse_lease(const Document& request) {
    const auto& root = request.root();
    LeaseRequest out;
    auto name = bounded_text(root, "name");
    if (!name) return std::unexpected(std::move(name).error());
    out.name = std::move(*name);
    auto owner = bounded_text(root, "owner");
    if (!owner) return std::unexpected(std::move(owner).error());
    out.owner = std::move(*owner);
    const auto token = bounded(root, "token", 1, INT64_MAX, 0);
    if (!token) return std::unexpected(token.error());
    if (*token > 0) out.token = *token;
    if (const auto* release = root.if_contains("release"); release && !release->is_null()) {
        if (!release->is_bool()) return invalid("release", "\"release\" is true or false");
        out.release = release->get_bool();
    }
    if (out.release) return out;
    const auto ttl = bounded(root, "ttl_ms", 1, kMaxTtlMs, 0);
    if (!ttl) return std::unexpected(ttl.error());
    if (*ttl == 0) return invalid("ttl_ms", "a lease has a \"ttl_ms\"");
    out.ttl_ms = *ttl;
    return out;
}

std::string render(const LeaseReply& reply) {
    std::string out =
        reply.granted ? R"({"granted":true,"owner":)" : R"({"granted":false,"owner":)";
    append_json_string(out, reply.owner);
    out += R"(,"token":)";
    append_integer(out, reply.token);
    out += R"(,"expires_in_ms":)";
    append_integer(out, reply.expires_in_ms);
    return out + "}";
}

Result<std::optional<LeaseProof>> parse_lease_proof(const Document& request) {
    const auto* lease = request.root().if_contains("lease");
    if (lease == nullptr || lease->is_null()) return std::nullopt;
    if (!lease->is_object()) return invalid("lease", "\"lease\" is an object");
    auto name = bounded_text(lease->get_object(), "name");
    if (!name) return std::unexpected(std::move(name).error());
    const auto token = bounded(lease->get_object(), "token", 1, INT64_MAX, 0);
    if (!token) return std::unexpected(token.error());
    if (*token == 0) return invalid("token", "a lease is proved by its \"token\"");
    return LeaseProof{std::move(*name), *token};
}

Error lease_lost(std::string_view name) {
    return coded_error(Code::kAborted, "lease_lost",
                       "the lease \"" + std::string(name) + "\" has passed to another");
}

}  // namespace streamwall::storage
