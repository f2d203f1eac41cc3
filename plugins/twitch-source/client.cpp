// The reconnecting client.
#include "client.hpp"

#include <utility>

namespace streamwall::twitch {

namespace {

std::string join_names(const std::vector<std::string_view>& names) {
    constexpr std::size_t kShown = 5;
    std::string out;
    for (std::size_t at = 0; at < names.size() && at < kShown; ++at) {
        out += (at ? ", " : "") + std::string(names[at]);
    }
    if (names.size() > kShown) out += " and " + std::to_string(names.size() - kShown) + " more";
    return out;
}

}  // namespace

Client::Client(boost::asio::io_context& loop, std::unique_ptr<StreamFactory> factory,
               ClientOptions options, ClientObserver& observer)
    : loop_(loop),
      factory_(std::move(factory)),
      options_(std::move(options)),
      observer_(observer),
      backoff_(options_.backoff_first, options_.backoff_cap,
               [this] { return std::uniform_real_distribution<double>(0, 1)(random_); }),
      retry_timer_(loop) {}

void Client::start() {
    if (std::exchange(running_, true)) return;
    report(ClientObserver::Health::kDegraded, "connecting to " + options_.address.host);
    connect();
}

void Client::stop() {
    running_ = false;
    retry_timer_.cancel();
    if (connection_) connection_->close();
    connection_.reset();
}

void Client::connect() {
    was_registered_ = false;
    Session session(
        options_.session, pacer_, [this] { return static_cast<std::uint32_t>(random_()); },
        [this](const Post& post) { observer_.on_post(post); });
    connection_ = std::make_shared<Connection>(
        loop_, *factory_, options_.address, options_.connect_timeout, std::move(session),
        Connection::Callbacks{[this] { on_progress(); },
                              [this](const SessionEnd& end) { on_end(end); }});
    connection_->start();
}

void Client::on_progress() {
    const auto& session = connection_->session();
    if (!session.is_registered()) return;
    if (!std::exchange(was_registered_, true)) {
        registered_at_ = std::chrono::steady_clock::now();
        observer_.on_registered();
        if (!connection_) return;  // stopped by the observer
    }
    const auto missing = session.missing_channels();
    if (missing.empty()) return report(ClientObserver::Health::kOk, {});
    report(ClientObserver::Health::kDegraded, "not in " + join_names(missing));
}

void Client::on_end(const SessionEnd& end) {
    connection_.reset();
    if (end.kind == SessionEnd::Kind::kLoginRefused) {
        running_ = false;
        report(ClientObserver::Health::kDown, "the login was refused: " + end.reason);
        observer_.on_lost(end, std::nullopt);
        return;
    }
    // A server that takes us in and drops us at once must not be asked in a tight loop: only a
    // connection that lasted starts the gaps anew.
    const auto lasted = std::chrono::steady_clock::now() - registered_at_;
    if (was_registered_ && lasted >= options_.backoff_cap) backoff_.reset();
    const auto delay = backoff_.next();
    retry_timer_.expires_after(delay);
    retry_timer_.async_wait([this](const boost::system::error_code& code) {
        if (!code && running_ && !connection_) connect();
    });
    report(ClientObserver::Health::kDegraded, "not connected: " + end.reason);
    observer_.on_lost(end, delay);
}

void Client::report(ClientObserver::Health health, std::string reason) {
    if (health == health_ && reason == health_reason_) return;
    health_ = health;
    health_reason_ = std::move(reason);
    observer_.on_health(health_, health_reason_);
}

}  // namespace streamwall::twitch
