#include "link.hpp"

#include <utility>

namespace streamwall::redis {

namespace {

Command evaluate(std::string_view how, std::string_view what, std::span<const std::string> keys,
                 const std::vector<std::string>& arguments) {
    Command command(how);
    command.arg(what).arg(static_cast<std::int64_t>(keys.size()));
    for (const auto& key : keys)
        command.arg(key);
    for (const auto& argument : arguments)
        command.arg(argument);
    return command;
}

}  // namespace

Link::Link(boost::asio::io_context& loop, std::unique_ptr<net::StreamFactory> factory,
           LinkOptions options, LinkObserver& observer)
    : loop_(loop),
      factory_(std::move(factory)),
      options_(std::move(options)),
      observer_(observer),
      backoff_(options_.backoff_first, options_.backoff_cap,
               [this] { return std::uniform_real_distribution<double>(0, 1)(random_); }),
      retry_timer_(loop) {}

void Link::start() {
    if (!std::exchange(running_, true)) connect();
}

void Link::stop() {
    running_ = false;
    up_ = false;
    retry_timer_.cancel();
    if (const auto connection = std::exchange(changes_, nullptr)) connection->close();
    if (const auto connection = std::exchange(commands_, nullptr)) connection->close();
}

void Link::connect() {
    changes_ = std::make_shared<Connection>(
        loop_, *factory_, options_.connection,
        Connection::Callbacks{[this] { watch_changes(); },
                              [this](const std::string& reason) { lost(reason); },
                              [this](ReplyView message) { on_message(message); }});
    changes_->start();
}

// The channel has this name in protocol 2 (redis.io/docs/manual/client-side-caching).
void Link::watch_changes() {
    changes_->send(Command("CLIENT").arg("ID"), [this](Result<ReplyView> reply) {
        if (!reply) return lost(reply.error().message);
        const auto watcher = reply->integer();
        changes_->send(Command("SUBSCRIBE").arg("__redis__:invalidate"),
                       [this, watcher](Result<ReplyView> subscribed) {
                           if (!subscribed) return lost(subscribed.error().message);
                           open_commands(watcher);
                       });
    });
}

void Link::open_commands(std::int64_t watcher) {
    commands_ = std::make_shared<Connection>(
        loop_, *factory_, options_.connection,
        Connection::Callbacks{[this, watcher] { track(watcher); },
                              [this](const std::string& reason) { lost(reason); },
                              [](ReplyView) {}});
    commands_->start();
}

void Link::track(std::int64_t watcher) {
    const auto command = Command("CLIENT")
                             .arg("TRACKING")
                             .arg("ON")
                             .arg("REDIRECT")
                             .arg(watcher)
                             .arg("BCAST")
                             .arg("PREFIX")
                             .arg(options_.watched_prefix)
                             .arg("NOLOOP");
    commands_->send(command, [this](Result<ReplyView> reply) {
        if (!reply) return lost(reply.error().message);
        backoff_.reset();
        up_ = true;
        observer_.on_up();
    });
}

void Link::lost(const std::string& reason) {
    up_ = false;
    last_problem_ = reason;
    if (const auto connection = std::exchange(changes_, nullptr)) connection->close();
    if (const auto connection = std::exchange(commands_, nullptr)) connection->close();
    if (!running_) return;
    retry_timer_.expires_after(backoff_.next());
    retry_timer_.async_wait([this](const boost::system::error_code& code) {
        if (!code && running_ && !changes_) connect();
    });
    observer_.on_down(reason);
}

// ["message", channel, [key…]]; no keys where the whole database was emptied.
void Link::on_message(ReplyView message) {
    const auto keys = message.at(2);
    if (keys.size() == 0) return observer_.on_changed(std::nullopt);
    for (std::size_t n = 0; n < keys.size(); ++n)
        observer_.on_changed(keys.at(n).text());
}

void Link::send(const Command& command, OnReply done) {
    if (!is_up()) return done(Error::unavailable("Redis is away: " + last_problem_));
    if (commands_->owed() >= options_.max_owed) {
        return done(Error{SW_RESOURCE_EXHAUSTED, "too many commands wait for Redis", {}, {}});
    }
    commands_->send(command, std::move(done));
}

void Link::run(const Script& script, std::vector<std::string> keys,
               std::vector<std::string> arguments, OnReply done) {
    const auto command = evaluate("EVALSHA", script.sha1(), keys, arguments);
    send(command,
         [this, source = script.source(), keys = std::move(keys), arguments = std::move(arguments),
          done = std::move(done)](Result<ReplyView> reply) mutable {
             const bool is_unknown =
                 !reply && reply.error().message.find("NOSCRIPT") != std::string::npos;
             if (!is_unknown) return done(std::move(reply));
             send(evaluate("EVAL", source, keys, arguments), std::move(done));
         });
}

}  // namespace streamwall::redis
