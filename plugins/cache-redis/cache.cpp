#include "cache.hpp"

#include <streamwall/contracts/cache.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>

namespace streamwall::redis {

namespace {

using Clock = std::chrono::steady_clock;
namespace contract = contracts::cache;

constexpr std::size_t kMaxMissed = 10'000;  // keys; beyond, the whole cache is emptied
constexpr std::string_view kSweepCount = "500";

bool is_namespace(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    });
}

// Texts of a request by name. Most hold no escapes and need no document.
Result<std::string> text_of(std::string_view request, std::string_view name) {
    const auto raw = json::find_member(request, name);
    if (const auto plain = json::to_plain_text(raw)) return std::string(*plain);
    const auto parsed = json::parse(raw);
    if (!parsed || !parsed->is_string()) {
        return Error::invalid("expected a text", std::string(name));
    }
    return std::string(parsed->get_string());
}

Result<std::string> prefix_of(std::string_view request, const std::string& prefix) {
    const auto name = text_of(request, "namespace");
    if (!name) return name.error();
    if (!is_namespace(*name)) {
        return Error::invalid("expected 1 to 64 of a-z, 0-9, '_', '.' and '-'", "namespace");
    }
    return prefix + *name + ":";
}

Result<std::string> key_of(std::string_view request, const std::string& prefix) {
    auto out = prefix_of(request, prefix);
    if (!out) return out;
    const auto key = text_of(request, "key");
    if (!key) return key.error();
    if (key->empty() || key->size() > contract::kMaxKey) {
        return Error::invalid("expected 1 to 512 bytes", "key");
    }
    return *out + *key;
}

Buffer found(std::string_view value) {
    constexpr std::string_view kHead = R"({"found":true,"value":)";
    return Buffer::make(kHead.size() + value.size() + 1, [&](char* into) {
        into = std::ranges::copy(kHead, into).out;
        into = std::ranges::copy(value, into).out;
        *into = '}';
    });
}

}  // namespace

Cache::Cache(const Host& host, boost::asio::io_context& loop, Link& link, CacheOptions options)
    : loop_(loop),
      link_(link),
      log_(host.log()),
      options_(std::move(options)),
      prefix_(options_.prefix + "cache:"),
      memory_(options_.memory_limit),
      none_(R"({"found":false})"),
      shared_reply_(R"({"shared":true})"),
      alone_reply_(R"({"shared":false})") {
    constexpr auto kHits = "streamwall_cache_hits_total";
    constexpr auto kHelp = "Reads that found a value, by where it was.";
    memory_hits_ = host.counter(kHits, kHelp, {{"level", "l1"}});
    redis_hits_ = host.counter(kHits, kHelp, {{"level", "l2"}});
    misses_ = host.counter("streamwall_cache_misses_total", "Reads that found no value.");
}

Result<> Cache::offer(Services& services) {
    const auto offer = [&](std::string_view method, Answer (Cache::*handler)(const Request&)) {
        return services.offer(contract::kService, method, [this, handler](const Request& request) {
            return (this->*handler)(request);
        });
    };
    for (auto done : {offer("get", &Cache::get), offer("set", &Cache::set),
                      offer("delete", &Cache::remove), offer("clear", &Cache::clear)}) {
        if (!done) return done;
    }
    return ok();
}

// ---- requests, on their callers' threads ----

Answer Cache::get(const Request& request) {
    auto key = key_of(request.body(), prefix_);
    if (!key) return std::move(key).error();
    if (auto hit = memory_.get(*key, Clock::now())) {
        memory_hits_.add();
        return std::move(*hit);
    }
    if (!is_shared()) {
        misses_.add();
        return none_;
    }
    on_loop([this, key = std::move(*key), reader = request.defer()]() mutable {
        fetch(key, std::move(reader));
    });
    return pending;
}

Answer Cache::set(const Request& request) {
    // The value is spliced into replies, so it must be sound JSON.
    const auto parsed = request.json();
    if (!parsed) return parsed.error();
    auto key = key_of(request.body(), prefix_);
    if (!key) return std::move(key).error();
    const auto value = json::find_member(request.body(), "value");
    if (value.empty()) return Error::invalid("is missing", "value");
    if (value.size() > contract::kMaxValue) return Error::invalid("is over 1 MiB", "value");
    auto ttl = options_.default_ttl;
    if (const auto* given = parsed->if_contains("ttl_ms")) {
        if (!given->is_int64() || given->get_int64() < 1) {
            return Error::invalid("expected milliseconds, at least 1", "ttl_ms");
        }
        ttl = std::chrono::milliseconds(given->get_int64());
    }
    on_loop([this, write = Write{std::move(*key), std::string(value), ttl,
                                 request.defer()}]() mutable { store(std::move(write)); });
    return pending;
}

Answer Cache::remove(const Request& request) {
    auto key = key_of(request.body(), prefix_);
    if (!key) return std::move(key).error();
    on_loop([this, key = std::move(*key), responder = request.defer()]() mutable {
        remove(key, std::move(responder));
    });
    return pending;
}

Answer Cache::clear(const Request& request) {
    auto prefix = prefix_of(request.body(), prefix_);
    if (!prefix) return std::move(prefix).error();
    on_loop([this, prefix = std::move(*prefix), responder = request.defer()]() mutable {
        clear(prefix, std::move(responder));
    });
    return pending;
}

// ---- reads ----

void Cache::fetch(const std::string& key, Responder reader) {
    if (!is_shared()) {  // it went while this was on its way
        misses_.add();
        return reader.send(none_);
    }
    auto& flight = flights_[key];
    flight.readers.push_back(std::move(reader));
    if (flight.readers.size() > 1) return;  // the same GET answers all
    ++flight.commands;
    const auto asked = Clock::now();
    link_.send(Command("GET").arg(key), [this, key](Result<ReplyView> reply) {
        if (reply && !reply->is_nil()) flights_[key].value = found(reply->text());
    });
    link_.send(Command("PTTL").arg(key), [this, key, asked](Result<ReplyView> reply) {
        fetched(key, asked, reply ? reply->integer() : 0);
    });
}

void Cache::fetched(const std::string& key, Time asked, std::int64_t ttl_ms) {
    auto& flight = flights_[key];
    const auto value = std::exchange(flight.value, {});
    // Counted from before the question, so that memory never keeps what Redis has dropped.
    const auto ttl = std::min(std::chrono::milliseconds(ttl_ms), options_.memory_ttl);
    if (value && ttl_ms > 0 && !flight.disturbed) memory_.put(key, value, asked + ttl);
    (value ? redis_hits_ : misses_).add(static_cast<double>(flight.readers.size()));
    for (auto& reader : std::exchange(flight.readers, {}))
        reader.send(value ? value : none_);
    land(key);
}

void Cache::land(const std::string& key) {
    const auto flight = flights_.find(key);
    if (--flight->second.commands == 0) flights_.erase(flight);
}

// ---- writes ----

void Cache::store(Write write) {
    memory_.erase(write.key);
    if (!is_shared()) return store_in_memory(std::move(write));
    ++flights_[write.key].commands;
    const auto command = Command("SET")
                             .arg(write.key)
                             .arg(write.value)
                             .arg("PX")
                             .arg(static_cast<std::int64_t>(write.ttl.count()));
    link_.send(command, [this, asked = Clock::now(),
                         write = std::move(write)](Result<ReplyView> reply) mutable {
        const auto key = write.key;
        if (!reply) {
            log_.debug("cache.not_shared", reply.error().message);
            store_in_memory(std::move(write));
        } else {
            // Somebody else's later write may have been told of before this answer came.
            if (flights_[key].disturbed)
                memory_.erase(key);
            else
                memory_.put(key, found(write.value),
                            asked + std::min(write.ttl, options_.memory_ttl));
            write.responder.send(shared_reply_);
        }
        land(key);
    });
}

void Cache::store_in_memory(Write write) {
    memory_.put(write.key, found(write.value), Clock::now() + write.ttl);
    note_missed(write.key);
    write.responder.send(alone_reply_);
}

void Cache::remove(const std::string& key, Responder responder) {
    memory_.erase(key);
    if (!is_shared()) {
        note_missed(key);
        return responder.send(alone_reply_);
    }
    ++flights_[key].commands;
    link_.send(Command("UNLINK").arg(key),
               [this, key, responder = std::move(responder)](Result<ReplyView> reply) mutable {
                   memory_.erase(key);
                   if (!reply) note_missed(key);
                   responder.send(reply ? shared_reply_ : alone_reply_);
                   land(key);
               });
}

void Cache::clear(const std::string& prefix, Responder responder) {
    memory_.erase_prefix(prefix);
    disturb(prefix);
    if (!is_shared()) {
        missed_prefixes_.insert(prefix);
        return responder.send(alone_reply_);
    }
    auto kept = std::make_shared<Responder>(std::move(responder));
    sweep(prefix, "0", [this, prefix, kept](const Result<>& done) {
        memory_.erase_prefix(prefix);
        disturb(prefix);
        if (!done) missed_prefixes_.insert(prefix);
        kept->send(done ? shared_reply_ : alone_reply_);
    });
}

void Cache::sweep(std::string prefix, std::string cursor, std::function<void(Result<>)> done) {
    const auto command =
        Command("SCAN").arg(cursor).arg("MATCH").arg(prefix + "*").arg("COUNT").arg(kSweepCount);
    link_.send(command, [this, prefix = std::move(prefix),
                         done = std::move(done)](Result<ReplyView> reply) mutable {
        if (!reply) return done(reply.error());
        auto next = std::string(reply->at(0).text());
        const auto keys = reply->at(1);
        Command removal("UNLINK");
        for (std::size_t n = 0; n < keys.size(); ++n)
            removal.arg(keys.at(n).text());
        auto go_on = [this, prefix = std::move(prefix), next = std::move(next),
                      done = std::move(done)](const Result<ReplyView>& removed) mutable {
            if (!removed) return done(removed.error());
            if (next == "0") return done(ok());
            sweep(std::move(prefix), std::move(next), std::move(done));
        };
        if (keys.size() == 0) return go_on(*reply);
        link_.send(removal, std::move(go_on));
    });
}

// ---- changes by others, and Redis coming and going ----

void Cache::changed(std::optional<std::string_view> key) {
    if (!key) {
        memory_.clear();
        return disturb("");
    }
    memory_.erase(*key);
    const auto flight = flights_.find(std::string(*key));
    if (flight != flights_.end()) flight->second.disturbed = true;
}

void Cache::disturb(std::string_view prefix) {
    for (auto& [key, flight] : flights_) {
        if (key.starts_with(prefix)) flight.disturbed = true;
    }
}

void Cache::note_missed(const std::string& key) {
    missed_.insert(key);
    if (missed_.size() > kMaxMissed) {
        missed_.clear();
        missed_prefixes_ = {prefix_};
    }
    if (is_shared()) catch_up();  // a single command failed, Redis did not go
}

void Cache::redis_went() {
    shared_.store(false, std::memory_order_release);
}

void Cache::redis_came() {
    catch_up();
}

// Tells Redis what it missed; until then memory goes on alone.
void Cache::catch_up() {
    if (!missed_prefixes_.empty()) {
        const auto prefix = missed_prefixes_.extract(missed_prefixes_.begin()).value();
        return sweep(prefix, "0", [this, prefix](const Result<>& done) {
            if (done) return catch_up();
            missed_prefixes_.insert(prefix);
        });
    }
    if (!missed_.empty()) {
        Command removal("UNLINK");
        for (const auto& key : missed_)
            removal.arg(key);
        return link_.send(removal, [this, told = std::exchange(missed_, {})](
                                       const Result<ReplyView>& reply) mutable {
            if (reply) return catch_up();
            missed_.merge(told);
        });
    }
    if (is_shared()) return;
    memory_.clear();  // others may have written meanwhile
    disturb("");
    shared_.store(true, std::memory_order_release);
}

}  // namespace streamwall::redis
