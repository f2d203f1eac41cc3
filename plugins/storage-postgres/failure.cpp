#include "failure.hpp"

#include <algorithm>

namespace streamwall::postgres {
namespace {

std::string trimmed(const char* text) {
    std::string out = text == nullptr ? "" : text;
    while (!out.empty() && (out.back() == '\n' || out.back() == ' '))
        out.pop_back();
    return out;
}

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

// Takes "28P01: " out of libpq's verbose 'failed: FATAL:  28P01: password …\nLOCATION: …'.
std::string take_state(std::string& said) {
    constexpr std::size_t kLength = 5;
    const auto is_state = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    for (auto at = said.find(":  "); at != said.npos; at = said.find(":  ", at + 1)) {
        const std::string state = said.substr(at + 3, kLength);
        if (state.size() < kLength || !std::ranges::all_of(state, is_state)) continue;
        if (said.substr(at + 3 + kLength, 2) != ": ") continue;
        said.erase(at + 2, 1 + kLength + 1);
        if (const auto location = said.find("\nLOCATION:"); location != said.npos) {
            said.resize(location);
        }
        return state;
    }
    return {};
}

// SQLSTATEs and their classes: appendix A of PostgreSQL's manual.
Failure::Kind kind_of(std::string_view state) {
    using Kind = Failure::Kind;
    if (state == "40001" || state == "40P01") return Kind::kRetry;
    if (state == "53100") return Kind::kFull;
    const auto group = state.substr(0, 2);
    // 25006: a standby, after a failover that this connection has missed.
    if (state.empty() || group == "08" || group == "53" || group == "57" || group == "58" ||
        state == "25006" || state == "25P03" || state == "55P03") {
        return Kind::kAway;
    }
    if (group == "28" || group == "3D" || state == "42501") return Kind::kRefused;
    return Kind::kStatement;
}

}  // namespace

Failure::Failure(std::string_view state, const std::string& message, std::string_view constraint)
    : std::runtime_error(message), state_(state), constraint_(constraint), kind_(kind_of(state)) {}

Failure Failure::away(const std::string& message) {
    return Failure("", message);
}

Failure Failure::refused(const std::string& message) {
    Failure failure("", message);
    failure.kind_ = Kind::kRefused;
    return failure;
}

Failure failure_of(const PGresult* result) {
    std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    if (message.empty()) message = trimmed(PQresultErrorMessage(result));
    return Failure(field(result, PG_DIAG_SQLSTATE), message,
                   field(result, PG_DIAG_CONSTRAINT_NAME));
}

Failure failure_of(PGconn* connection, std::string_view doing) {
    std::string said = trimmed(PQerrorMessage(connection));
    const std::string state = take_state(said);
    const std::string message = std::string(doing) + (said.empty() ? "" : ": " + said);
    if (!state.empty()) return Failure(state, message);
    // What libpq itself objects to, before the server says anything.
    for (const char* words : {"no password supplied", "certificate", "does not support SSL"}) {
        if (said.find(words) != std::string::npos) return Failure::refused(message);
    }
    return Failure::away(message);
}

storage::Error to_error(const Failure& failure) {
    using storage::Code;
    const std::string text = failure.what();
    const auto group = failure.state().substr(0, 2);
    switch (failure.kind()) {
        case Failure::Kind::kFull:
            return storage::coded_error(Code::kResourceExhausted, "disk_full",
                                        "the disk of the database is full");
        case Failure::Kind::kRetry:
        case Failure::Kind::kAway:
            return storage::busy_error(Code::kUnavailable,
                                       "the database can't be used now: " + text, 1);
        case Failure::Kind::kRefused:
            return {Code::kFailedPrecondition, "PostgreSQL: " + text, {}, {}};
        case Failure::Kind::kStatement:
            break;
    }
    if (group == "22" || group == "54") {
        return {Code::kInvalidArgument, "a value doesn't fit: " + text, {}, {}};
    }
    if (failure.state() == "XX001" || failure.state() == "XX002") {
        return storage::coded_error(Code::kDataLoss, "corrupt", "the database is damaged: " + text);
    }
    return {Code::kInternal, "PostgreSQL: " + text, {}, {}};
}

storage::Error outcome_unknown() {
    return {storage::Code::kUnavailable,
            "the connection was lost while the change was committed; it may have been made or not",
            {},
            R"({"code":"outcome_unknown","retry_after":1})"};
}

}  // namespace streamwall::postgres
