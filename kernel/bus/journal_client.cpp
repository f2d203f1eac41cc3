// Requests to the journal, and its replies read.
#include "bus/journal_client.hpp"

#include "bus/envelope.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace streamwall::bus {

void JournalClient::read(std::uint64_t after, std::size_t limit, const std::string& pattern,
                         const std::string& subject, Done<ReadResult> done) {
    std::string request = fmt::format(R"({{"after":{},"limit":{})", after, limit);
    if (!pattern.empty()) request += fmt::format(R"(,"types":["{}"])", pattern);
    if (!subject.empty()) {
        request += ",\"subject\":";
        append_json_string(request, subject);
    }
    call("read", request + "}", [done = std::move(done), limit](auto reply) {
        if (!reply) return done(std::unexpected(std::move(reply.error())));
        ReadResult result;
        bool told = false;
        for (const auto& [name, value] : members(*reply)) {
            const auto number = [&] {
                return std::strtoull(std::string(value).c_str(), nullptr, 10);
            };
            if (name == "epoch")
                result.epoch = value.substr(1, value.size() - 2);
            else if (name == "first")
                result.first = number();
            else if (name == "last")
                result.last = number();
            else if (name == "through") {
                result.through = number();
                told = true;
            } else if (name == "events") {
                for (const auto text : elements(value)) {
                    auto event = parse_envelope(text);
                    if (!event) return done(std::unexpected(std::move(event.error())));
                    result.events.push_back(std::move(*event));
                }
            }
        }
        // A journal that doesn't say ends a reply only at the limit.
        if (!told) {
            result.through =
                result.events.size() < limit ? result.last : result.events.back()->sequence();
        }
        done(std::move(result));
    });
}

void JournalClient::position(const std::string& name, Done<Position> done) {
    std::string request = "{\"name\":";
    append_json_string(request, name);
    call(
        "position", request + "}",
        [done = std::move(done)](std::expected<std::string, Failure> reply) {
            if (!reply) return done(std::unexpected(std::move(reply.error())));
            boost::system::error_code failed;
            const auto value = boost::json::parse(*reply, failed);
            const auto* object = value.if_object();
            if (failed || object == nullptr) {
                return done(std::unexpected(Failure::of(SW_DATA_LOSS, "a position is unreadable")));
            }
            Position position;
            position.epoch = boost::json::value_to<std::string>(object->at("epoch"));
            position.sequence = object->at("sequence").to_number<std::uint64_t>();
            if (const auto* parked = object->if_contains("parked"); parked && parked->is_array()) {
                for (const auto& entry : parked->get_array()) {
                    position.parked.push_back(
                        {boost::json::value_to<std::string>(entry.at("subject")),
                         entry.at("sequence").to_number<std::uint64_t>(),
                         entry.at("attempts").to_number<int>()});
                }
            }
            done(std::move(position));
        });
}

void JournalClient::save_position(const std::string& name, const Position& position,
                                  const LeaseProof* proof, Done<bool> done) {
    boost::json::array parked;
    for (const auto& entry : position.parked) {
        parked.push_back({{"subject", entry.subject},
                          {"sequence", entry.sequence},
                          {"attempts", entry.attempts}});
    }
    boost::json::object request = {{"positions",
                                    {{{"name", name},
                                      {"epoch", position.epoch},
                                      {"sequence", position.sequence},
                                      {"parked", parked}}}}};
    if (proof) request["lease"] = {{"name", proof->name}, {"token", proof->token}};
    call("save_positions", boost::json::serialize(request), [done = std::move(done)](auto reply) {
        if (!reply) return done(std::unexpected(std::move(reply.error())));
        done(true);
    });
}

void JournalClient::lease(const LeaseClaim& claim, std::chrono::milliseconds ttl,
                          Done<LeaseGrant> done) {
    boost::json::object request = {
        {"name", claim.name}, {"owner", claim.owner}, {"ttl_ms", ttl.count()}};
    if (claim.token) request["token"] = claim.token;
    call("lease", boost::json::serialize(request),
         [done = std::move(done)](std::expected<std::string, Failure> reply) {
             if (!reply) return done(std::unexpected(std::move(reply.error())));
             boost::system::error_code failed;
             const auto value = boost::json::parse(*reply, failed);
             const auto* object = value.if_object();
             if (failed || object == nullptr) {
                 return done(std::unexpected(Failure::of(SW_DATA_LOSS, "a lease is unreadable")));
             }
             done(LeaseGrant{object->at("granted").as_bool(),
                             boost::json::value_to<std::string>(object->at("owner")),
                             object->at("token").to_number<std::uint64_t>()});
         });
}

void JournalClient::release(const LeaseClaim& claim, Done<bool> done) {
    const boost::json::object request = {
        {"name", claim.name}, {"owner", claim.owner}, {"token", claim.token}, {"release", true}};
    call("lease", boost::json::serialize(request), [done = std::move(done)](auto reply) {
        if (!reply) return done(std::unexpected(std::move(reply.error())));
        done(true);
    });
}

void JournalClient::add_dead_letter(const std::string& name, const sw_event& event,
                                    const Failure& why, int attempts, Done<bool> done) {
    std::string request = "{\"name\":";
    append_json_string(request, name);
    request += ",\"event\":" + render(event);
    request += fmt::format(R"(,"error":{{"code":{},"message":)", why.code);
    append_json_string(request, why.message);
    request += fmt::format("}},\"attempts\":{}}}", attempts);
    call("dead_letter_add", std::move(request), [done = std::move(done)](auto reply) {
        if (!reply) return done(std::unexpected(std::move(reply.error())));
        done(true);
    });
}

}  // namespace streamwall::bus
