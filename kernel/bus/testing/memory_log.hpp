// A journal in memory that speaks store.md's requests, for tests of who reads it.
#pragma once

#include "bus/envelope.hpp"
#include "bus/journals.hpp"
#include "bus/pattern.hpp"
#include "exec/clock.hpp"
#include "telemetry/log_render.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace streamwall::bus {

// The log itself. Its owner hears of commits through feeds.
struct MemoryLog {
    explicit MemoryLog(const exec::Clock& given, std::string name = "e1")
        : clock(given), epoch(std::move(name)) {}

    struct Lease {
        std::string owner;
        std::uint64_t token = 0;
        std::uint64_t ends_ns = 0;
    };
    const exec::Clock& clock;
    std::string epoch;
    std::vector<std::string> envelopes;
    std::map<std::string, boost::json::object> positions;
    std::map<std::string, Lease> leases;
    std::vector<boost::json::value> dead_letters;
    std::vector<Feed*> feeds;  // of who hears of commits
    std::size_t trimmed = 0;
    int reads = 0;

    void commit(const std::string& subject, const std::string& data,
                const std::string& type = "stream.updated", bool through_feeds = true) {
        EventRecord::Parts parts;
        parts.id = fmt::format("{}-{}", epoch, envelopes.size() + 1);
        parts.type = type;
        parts.version = "1.0";
        parts.timestamp = telemetry::format_time(clock.wall_ms());
        parts.producer = "catalog@main";
        parts.subject = subject;
        parts.epoch = epoch;
        parts.sequence = envelopes.size() + 1;
        parts.data = BufferRef(data);
        const EventRecord record(std::move(parts));
        envelopes.push_back(render(record.raw()));
        if (!through_feeds) return;
        for (auto* feed : feeds)
            feed->committed(&record.raw(), 1);
    }

    std::expected<std::string, Failure> answer(std::string_view method,
                                               const boost::json::object& body) {
        if (method == "read") return read(body);
        if (method == "lease") return lease(body);
        if (method == "position") {
            const auto found = positions.find(std::string(body.at("name").as_string()));
            if (found != positions.end()) return boost::json::serialize(found->second);
            return std::unexpected(Failure::of(SW_NOT_FOUND, "no such position"));
        }
        if (method == "save_positions") {
            if (const auto* proof = body.if_contains("lease")) {
                const auto& held = leases[std::string(proof->at("name").as_string())];
                if (held.owner.empty() ||
                    held.token != proof->at("token").to_number<std::uint64_t>())
                    return std::unexpected(Failure::of(SW_ABORTED, "the lease is another's"));
            }
            for (const auto& one : body.at("positions").as_array())
                positions[std::string(one.at("name").as_string())] = one.as_object();
        } else if (method == "dead_letter_add") {
            dead_letters.push_back(body);
        }
        return "{}";
    }

  private:
    std::expected<std::string, Failure> read(const boost::json::object& body) {
        ++reads;
        const auto after = body.at("after").to_number<std::size_t>();
        if (after > 0 && after < trimmed)
            return std::unexpected(Failure::of(SW_OUT_OF_RANGE, "the log begins behind that"));
        std::string out;
        auto left = body.at("limit").to_number<std::size_t>();
        const auto* subject = body.if_contains("subject");
        for (auto at = std::max(after, trimmed); at < envelopes.size() && left; ++at) {
            if (subject && boost::json::parse(envelopes[at]).at("subject") != *subject) continue;
            out += (out.empty() ? "" : ",") + envelopes[at];
            --left;
        }
        return fmt::format(R"({{"epoch":"{}","first":{},"last":{},"events":[{}]}})", epoch,
                           trimmed + 1, envelopes.size(), out);
    }
    std::string lease(const boost::json::object& body) {
        auto& held = leases[std::string(body.at("name").as_string())];
        const std::string owner(body.at("owner").as_string());
        const auto* given = body.if_contains("token");
        const auto token = given ? given->to_number<std::uint64_t>() : 0;
        const auto now = clock.monotonic_ns();
        const bool is_owner = held.owner == owner && (token == 0 || token == held.token);
        if (body.contains("release")) {
            if (is_owner) held.owner.clear();
            return "{}";
        }
        const bool granted =
            is_owner || (token == 0 && (held.owner.empty() || held.ends_ns <= now));
        if (granted) {
            const auto ttl = body.at("ttl_ms").to_number<std::uint64_t>() * 1'000'000;
            held = {owner, token == 0 ? held.token + 1 : token, now + ttl};
        }
        return boost::json::serialize(boost::json::object{{"granted", granted},
                                                          {"owner", held.owner},
                                                          {"token", held.token},
                                                          {"expires_in_ms", 1}});
    }
};

// One way to it, which may be cut.
struct MemoryPort final : JournalPort {
    explicit MemoryPort(MemoryLog& to) : log(&to) {}
    void call(Party&, const char* method, const std::string& request,
              Done<std::string> done) override {
        ++calls[method];
        if (down) return done(std::unexpected(Failure::unavailable("the journal is away")));
        done(log->answer(method, boost::json::parse(request).as_object()));
    }
    void forget(Party&) override {}

    MemoryLog* log;
    bool down = false;
    std::map<std::string, int> calls;
};

}  // namespace streamwall::bus
