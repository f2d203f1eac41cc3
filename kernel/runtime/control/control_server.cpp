#include "runtime/control/control_server.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <cerrno>

namespace streamwall::control {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMaxConnections = 32;
constexpr auto kIdleLimit = 60s;  // a connection without a request
constexpr auto kWriteLimit = 5s;  // a client that does not read

std::string failure_line(const Failure& failure) {
    json::object error{{"code", status_name(failure.code)}, {"message", failure.message}};
    if (!failure.where.empty()) error["where"] = failure.where;
    boost::system::error_code malformed;
    if (auto details = json::parse(failure.details, malformed); !malformed) {
        error["details"] = std::move(details);
    }
    return json::serialize(json::object{{"ok", false}, {"error", std::move(error)}});
}

std::string answer_line(const Answer& answer) {
    if (!answer) return failure_line(answer.error());
    return json::serialize(json::object{{"ok", true}, {"result", *answer}});
}

}  // namespace

std::string_view status_name(sw_status status) {
    static constexpr std::array<std::string_view, 17> kNames = {"OK",
                                                                "CANCELLED",
                                                                "UNKNOWN",
                                                                "INVALID_ARGUMENT",
                                                                "DEADLINE_EXCEEDED",
                                                                "NOT_FOUND",
                                                                "ALREADY_EXISTS",
                                                                "PERMISSION_DENIED",
                                                                "RESOURCE_EXHAUSTED",
                                                                "FAILED_PRECONDITION",
                                                                "ABORTED",
                                                                "OUT_OF_RANGE",
                                                                "UNIMPLEMENTED",
                                                                "INTERNAL",
                                                                "UNAVAILABLE",
                                                                "DATA_LOSS",
                                                                "UNAUTHENTICATED"};
    const auto index = static_cast<std::size_t>(status);
    return index < kNames.size() ? kNames[index] : "UNKNOWN";
}

void Client::stream(LineQueue& queue) {
    while (socket_.wait_for(queue.signal()) == LineSocket::Wake::signal) {
        auto batch = queue.take();
        for (const auto& line : batch.lines) {
            if (socket_.write_line(R"({"line":)" + line + "}", kWriteLimit) != Transfer::done) {
                return;
            }
        }
        if (batch.dropped == 0) continue;
        const auto lost = fmt::format(R"({{"dropped":{}}})", batch.dropped);
        if (socket_.write_line(lost, kWriteLimit) != Transfer::done) return;
    }
}

std::expected<std::unique_ptr<ControlServer>, Failure> ControlServer::start(
    const std::filesystem::path& path, Handler handler) {
    auto listener = listen_unix(path);
    if (!listener) return std::unexpected(std::move(listener.error()));
    return std::unique_ptr<ControlServer>(
        new ControlServer(path, *std::move(listener), std::move(handler)));
}

ControlServer::ControlServer(std::filesystem::path path, Descriptor listener, Handler handler)
    : path_(std::move(path)),
      handler_(std::move(handler)),
      stop_(make_signal()),
      listener_(std::move(listener)),
      acceptor_([this] { accept_loop(); }) {}

ControlServer::~ControlServer() {
    close();
    acceptor_.join();
    reap(true);
}

void ControlServer::close() {
    ::unlink(path_.c_str());
    raise_signal(stop_);
}

void ControlServer::accept_loop() {
    for (;;) {
        std::array<pollfd, 2> polled{{{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
        if (::poll(polled.data(), polled.size(), -1) < 0) continue;  // EINTR is the only reason
        if (polled[1].revents != 0) return;
        Descriptor socket(
            ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (socket) {
            add(std::move(socket));
        } else if (errno == EMFILE || errno == ENFILE) {
            // The waiting client keeps poll() ready: without this pause the loop would spin.
            pollfd stop{stop_.get(), POLLIN, 0};
            ::poll(&stop, 1, 100);
        }
    }
}

void ControlServer::add(Descriptor socket) {
    reap(false);
    if (connections_.size() >= kMaxConnections) {
        LineSocket refused(std::move(socket), kMaxRequest, stop_.get());
        const auto why = Failure::of(SW_RESOURCE_EXHAUSTED, "too many control connections");
        refused.write_line(failure_line(why), 0s);
        return;
    }
    auto& connection = connections_.emplace_back();
    connection.thread = std::thread([this, &connection, socket = std::move(socket)]() mutable {
        serve(std::move(socket));
        connection.done = true;
    });
}

void ControlServer::reap(bool all) {
    std::erase_if(connections_, [&](Connection& connection) {
        if (!all && !connection.done) return false;
        connection.thread.join();
        return true;
    });
}

void ControlServer::serve(Descriptor descriptor) {
    LineSocket socket(std::move(descriptor), kMaxRequest, stop_.get());
    std::string line;
    for (;;) {
        const auto got = socket.read_line(line, kIdleLimit);
        if (got == Transfer::too_long) {
            const auto why = Failure::of(
                SW_INVALID_ARGUMENT, fmt::format("a request has at most {} bytes", kMaxRequest));
            socket.write_line(failure_line(why), kWriteLimit);
        }
        if (got != Transfer::done || !answer(socket, line)) return;
    }
}

// False once the client is gone.
bool ControlServer::answer(LineSocket& socket, const std::string& line) {
    boost::system::error_code malformed;
    const auto request = json::parse(line, malformed);
    std::string reply;
    if (malformed || !request.is_object()) {
        reply = failure_line(Failure::of(SW_INVALID_ARGUMENT, "a request is one JSON object"));
    } else {
        try {
            Client client(socket);
            reply = answer_line(handler_(request.get_object(), client));
        } catch (const std::exception& error) {
            reply = failure_line(Failure::of(SW_INTERNAL, error.what()));
        }
    }
    return socket.write_line(std::move(reply), kWriteLimit) == Transfer::done;
}

}  // namespace streamwall::control
