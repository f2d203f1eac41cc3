#include "locks.hpp"

#include "fields.hpp"

#include <boost/asio/post.hpp>
#include <streamwall/contracts/locks.hpp>

#include <limits>

namespace streamwall::redis {

namespace {

namespace contract = contracts::locks;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxName = 200;
constexpr std::int64_t kMaxToken = std::numeric_limits<std::int64_t>::max();

Buffer answer(std::string_view name, ReplyView reply) {
    return json::Writer().boolean(name, reply.integer() == 1).buffer();
}

}  // namespace

Result<> Locks::offer(Services& services) {
    const auto offer = [&](std::string_view method, Answer (Locks::*handler)(const Request&)) {
        return services.offer(contract::kService, method, [this, handler](const Request& request) {
            return (this->*handler)(request);
        });
    };
    for (auto done : {offer("acquire", &Locks::acquire), offer("renew", &Locks::renew),
                      offer("release", &Locks::release)}) {
        if (!done) return done;
    }
    return ok();
}

template <class Render>
Answer Locks::run(const Request& request, const Script& script, std::vector<std::string> keys,
                  std::vector<std::string> arguments, Render render) {
    boost::asio::post(
        loop_, [this, &script, keys = std::move(keys), arguments = std::move(arguments), render,
                responder = request.defer()]() mutable {
            link_.run(
                script, std::move(keys), std::move(arguments),
                [render, responder = std::move(responder)](const Result<ReplyView>& reply) mutable {
                    if (!reply) return responder.send(reply.error());
                    responder.send(render(*reply));
                });
        });
    return pending;
}

Answer Locks::acquire(const Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    Fields fields(*body);
    const auto name = fields.text("name", kMaxName);
    const auto owner = fields.text("owner", kMaxName);
    const auto ttl = fields.integer("ttl_ms", 1, contract::kMaxTtl.count());
    if (fields.mistake()) return *fields.mistake();
    return run(request, scripts_.acquire, {prefix_ + "lock:" + name, prefix_ + "lock-token"},
               {owner, std::to_string(ttl)}, [asked = Clock::now()](ReplyView reply) {
                   // As seen from here the time began when it was asked for.
                   const auto spent =
                       std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - asked).count();
                   return json::Writer()
                       .boolean("granted", reply.at(0).integer() == 1)
                       .text("owner", reply.at(1).text())
                       .number("token", reply.at(2).integer())
                       .number("expires_in_ms",
                               std::max<std::int64_t>(0, reply.at(3).integer() - spent))
                       .buffer();
               });
}

Answer Locks::renew(const Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    Fields fields(*body);
    const auto name = fields.text("name", kMaxName);
    const auto token = fields.integer("token", 1, kMaxToken);
    const auto ttl = fields.integer("ttl_ms", 1, contract::kMaxTtl.count());
    if (fields.mistake()) return *fields.mistake();
    return run(request, scripts_.renew, {prefix_ + "lock:" + name},
               {std::to_string(token), std::to_string(ttl)},
               [](ReplyView reply) { return answer("held", reply); });
}

Answer Locks::release(const Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    Fields fields(*body);
    const auto name = fields.text("name", kMaxName);
    const auto token = fields.integer("token", 1, kMaxToken);
    if (fields.mistake()) return *fields.mistake();
    return run(request, scripts_.release, {prefix_ + "lock:" + name}, {std::to_string(token)},
               [](ReplyView reply) { return answer("released", reply); });
}

}  // namespace streamwall::redis
