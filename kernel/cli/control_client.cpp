#include "cli/control_client.hpp"

#include "cli/session.hpp"
#include "runtime/control/control_server.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace streamwall::cli {

namespace json = boost::json;
using namespace std::chrono_literals;
using control::Transfer;

namespace {

constexpr std::size_t kMaxReply = std::size_t{64} << 20;
constexpr auto kWriteLimit = 10s;

std::unexpected<ClientFailure> lost(std::string message) {
    return std::unexpected(ClientFailure{kUnreachable, Failure::unavailable(std::move(message))});
}

std::string text_of(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

ClientFailure refusal(const json::object& reply) {
    const auto* error = reply.if_contains("error");
    if (!error || !error->is_object()) {
        return {kUnreachable, Failure::of(SW_INTERNAL, "the host's answer cannot be understood")};
    }
    const auto code = text_of(error->get_object(), "code");
    Failure failure = Failure::of(SW_UNKNOWN, text_of(error->get_object(), "message"));
    failure.where = text_of(error->get_object(), "where");
    if (const auto* details = error->get_object().if_contains("details")) {
        failure.details = json::serialize(*details);
    }
    for (sw_status status = 0; status <= SW_UNAUTHENTICATED; ++status) {
        if (control::status_name(status) == code) failure.code = status;
    }
    const bool forbidden =
        failure.code == SW_PERMISSION_DENIED || failure.code == SW_UNAUTHENTICATED;
    return {forbidden ? kNotAllowed : kFailed, std::move(failure)};
}

}  // namespace

std::expected<ControlClient, ClientFailure> ControlClient::connect(
    const std::filesystem::path& data, int stop) {
    auto socket = control::connect_unix(data / "control.sock");
    if (socket) return ControlClient(control::LineSocket(*std::move(socket), kMaxReply, stop));
    if (socket.error().code == SW_PERMISSION_DENIED) {
        return std::unexpected(ClientFailure{kNotAllowed, std::move(socket.error())});
    }
    return lost(
        fmt::format("no host runs with data folder {}; start one with `streamwall run`, or "
                    "name another folder with --data",
                    data.string()));
}

std::expected<json::object, ClientFailure> ControlClient::read(std::chrono::milliseconds timeout) {
    std::string line;
    switch (socket_.read_line(line, timeout)) {
        case Transfer::done:
            break;
        case Transfer::timed_out:
            return lost("the host does not answer");
        case Transfer::too_long:
            return lost("the host's answer is too long");
        default:
            return lost("the host closed the connection");
    }
    boost::system::error_code malformed;
    auto reply = json::parse(line, malformed);
    if (malformed || !reply.is_object()) return lost("the host's answer cannot be understood");
    return std::move(reply.get_object());
}

std::expected<json::value, ClientFailure> ControlClient::request(
    const json::object& request, std::chrono::milliseconds timeout) {
    if (socket_.write_line(json::serialize(request), kWriteLimit) != Transfer::done) {
        return lost("the host closed the connection");
    }
    auto reply = read(timeout);
    if (!reply) return std::unexpected(std::move(reply.error()));
    const auto* result = reply->if_contains("result");
    if (!result) return std::unexpected(refusal(*reply));
    return *result;
}

std::expected<void, ClientFailure> ControlClient::stream(
    const json::object& request, const std::function<bool(const json::object&)>& each) {
    if (socket_.write_line(json::serialize(request), kWriteLimit) != Transfer::done) {
        return lost("the host closed the connection");
    }
    for (;;) {
        auto reply = read(24h);
        if (!reply) return std::unexpected(std::move(reply.error()));
        if (reply->contains("error")) return std::unexpected(refusal(*reply));
        if (reply->contains("result") || !each(*reply)) return {};
    }
}

}  // namespace streamwall::cli
