// cache-redis: offers cache, limits and locks over one link to Redis. Wiring only.
#include "cache.hpp"
#include "limits.hpp"
#include "locks.hpp"

#include <streamwall/sdk/io_loop.hpp>
#include <streamwall/sdk/plugin.hpp>

#include <memory>

namespace streamwall::redis {

struct Settings {
    Secret url;
    std::string tls_ca_file;
    std::string prefix;
    std::chrono::milliseconds timeout{};
    std::chrono::milliseconds default_ttl{};
    std::chrono::milliseconds memory_ttl{};
    std::size_t memory_limit = 0;
};

}  // namespace streamwall::redis

STREAMWALL_SETTINGS(streamwall::redis::Settings, url, tls_ca_file, prefix, timeout, default_ttl,
                    memory_ttl, memory_limit)

namespace streamwall::redis {
namespace {

class CacheRedis final : public Plugin<Settings>, private LinkObserver {
  public:
    CacheRedis(const sw_host_api* api, Settings settings)
        : Plugin(api, std::move(settings)),
          loop_("cache-redis",
                [this](std::string_view what) {
                    log().error("redis.handler_failed", "a handler threw", {{"error", what}});
                }),
          scripts_(make_scripts()) {
        breaker_ = host().gauge("streamwall_circuit_breaker_state",
                                "0 closed, 1 open, 2 half open.", {{"name", "redis"}});
        connects_ = host().counter("streamwall_cache_redis_connects_total",
                                   "How often Redis was reached after it had been away.");
    }
    ~CacheRedis() override { loop_.join(); }

    // Ends once the first attempt to reach Redis has; whether it was reached matters to health
    // only.
    Step start() override {
        if (auto made = make_parts(); !made) return made;
        for (auto offered :
             {cache_->offer(services()), limits_->offer(services()), locks_->offer(services())}) {
            if (!offered) return offered;
        }
        on_loop([this] { link_->start(); });
        return pending;
    }

    Step stop() override {
        if (!link_) return ok();
        on_loop([this] {
            link_->stop();
            cache_->redis_went();
            host().complete(SW_STEP_STOP);
        });
        return pending;
    }

  private:
    Result<> make_parts() {
        for (const auto& [name, time] : {std::pair("timeout", settings().timeout),
                                         {"default_ttl", settings().default_ttl},
                                         {"memory_ttl", settings().memory_ttl}}) {
            if (time.count() <= 0) return Error::invalid("must be at least 1ms", name);
        }
        auto url = parse_redis_url(settings().url.reveal());
        if (!url) return std::move(url).error();
        address_ = url->shown();
        auto factory = net::StreamFactory::make(
            loop_.context(), {url->tls ? url->host : "", settings().tls_ca_file});
        if (!factory) return std::move(factory).error();
        LinkOptions options;
        options.connection.url = std::move(*url);
        options.connection.timeout = settings().timeout;
        options.connection.ping_interval = settings().timeout / 2;
        options.watched_prefix = settings().prefix + "cache:";
        link_ = std::make_unique<Link>(loop_.context(), std::move(*factory), std::move(options),
                                       static_cast<LinkObserver&>(*this));
        cache_ =
            std::make_unique<Cache>(host(), loop_.context(), *link_,
                                    CacheOptions{settings().prefix, settings().default_ttl,
                                                 settings().memory_ttl, settings().memory_limit});
        limits_ = std::make_unique<Limits>(loop_.context(), *link_, scripts_, settings().prefix);
        locks_ = std::make_unique<Locks>(loop_.context(), *link_, scripts_, settings().prefix);
        return ok();
    }

    // Begins the loop's thread, too.
    template <class Work>
    void on_loop(Work work) {
        auto* kept = new Work(std::move(work));
        loop_.executor()->post(
            loop_.executor()->self,
            [](void* arg) { (*std::unique_ptr<Work>(static_cast<Work*>(arg)))(); }, kept);
    }

    // ---- what the link tells, on the loop ----
    void on_up() override {
        cache_->redis_came();
        breaker_.set(0);
        connects_.add();
        host().health(SW_HEALTH_OK, {}, "redis");
        host().health(SW_HEALTH_OK);
        log().info("redis.connected", "Redis is there", {{"address", address_}});
        is_away_ = false;
        started();
    }
    void on_down(const std::string& reason) override {
        cache_->redis_went();
        if (!std::exchange(is_away_, true)) {
            breaker_.set(1);
            log().warn("redis.away",
                       "Redis is away: the cache works from memory, limits count for this node "
                       "alone, locks are refused",
                       {{"address", address_}, {"reason", reason}});
        }
        host().health(SW_HEALTH_DEGRADED, reason, "redis");
        host().health(SW_HEALTH_DEGRADED, "Redis is away: " + reason);
        started();
    }
    void on_changed(std::optional<std::string_view> key) override { cache_->changed(key); }
    void started() {
        if (!std::exchange(is_started_, true)) host().complete(SW_STEP_START);
    }

    IoLoop loop_;  // outlives what uses its context
    const Scripts scripts_;
    std::string address_;
    std::unique_ptr<Link> link_;
    std::unique_ptr<Cache> cache_;
    std::unique_ptr<Limits> limits_;
    std::unique_ptr<Locks> locks_;
    Series breaker_;
    Series connects_;
    bool is_away_ = false;     // [loop]
    bool is_started_ = false;  // [loop]
};

}  // namespace
}  // namespace streamwall::redis

STREAMWALL_PLUGIN(streamwall::redis::CacheRedis)
