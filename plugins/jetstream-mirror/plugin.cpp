// jetstream-mirror: a Mirror of the process's journal. Wiring only.
#include "mirror.hpp"
#include "nats/settings.hpp"
#include "service_journal.hpp"

#include <streamwall/sdk/plugin.hpp>

#include <memory>
#include <string>

namespace streamwall::jetstream {

struct Settings {
    nats::UrlList url;
    std::string user;
    Secret password;
    Secret token;
    std::string nkey;
    std::string nkey_seed_file;
    std::string credentials_file;
    std::string tls_ca_file;
    std::string tls_certificate_file;
    std::string tls_key_file;
    bool tls_verify = true;
    std::chrono::milliseconds connect_timeout{};
    std::chrono::milliseconds request_timeout{};
    std::chrono::milliseconds check_interval{};
    std::chrono::milliseconds backoff_first{};
    std::chrono::milliseconds backoff_cap{};
    std::size_t window = 0;
    std::string stream;
    std::string prefix;
    std::int64_t replicas = 1;
    std::chrono::milliseconds max_age{};
    std::int64_t max_bytes = 0;
    std::chrono::milliseconds duplicate_window{};
};

}  // namespace streamwall::jetstream

STREAMWALL_SETTINGS(streamwall::jetstream::Settings, url, user, password, token, nkey,
                    nkey_seed_file, credentials_file, tls_ca_file, tls_certificate_file,
                    tls_key_file, tls_verify, connect_timeout, request_timeout, check_interval,
                    backoff_first, backoff_cap, window, stream, prefix, replicas, max_age,
                    max_bytes, duplicate_window)

namespace streamwall::jetstream {
namespace {

Result<> check_times(const Settings& settings) {
    using namespace std::chrono_literals;
    const std::pair<std::string, std::chrono::milliseconds> times[] = {
        {"request_timeout", settings.request_timeout},
        {"check_interval", settings.check_interval},
        {"duplicate_window", settings.duplicate_window}};
    for (const auto& [name, time] : times) {
        if (time < 1ms || time > 1h) return Error::invalid(name + ": must be from 1ms to 1h", name);
    }
    if (settings.max_age > 0ms && settings.max_age < settings.duplicate_window) {
        return Error::invalid("max_age: must not be shorter than duplicate_window", "max_age");
    }
    return ok();
}

Result<MirrorOptions> to_options(const Settings& settings) {
    MirrorOptions out;
    if (auto taken = nats::take_settings(settings, out.connection); !taken) return taken.error();
    out.connection.ping_timeout = settings.request_timeout;  // how long a write may take
    out.stream = {settings.stream,  settings.prefix,    settings.replicas,
                  settings.max_age, settings.max_bytes, settings.duplicate_window};
    out.follower = {settings.request_timeout, settings.check_interval, settings.window};
    if (auto checked = check_times(settings); !checked) return checked.error();
    if (auto proved = nats::prove(out.connection); !proved) return proved.error();
    return out;
}

}  // namespace

class JetstreamMirror final : public Plugin<Settings>, private MirrorObserver {
  public:
    JetstreamMirror(const sw_host_api* api, Settings settings) : Plugin(api, std::move(settings)) {
        const auto counter = [this](std::string_view name, std::string_view help) {
            return host().counter("streamwall_jetstream_mirror_" + std::string(name), help);
        };
        published_ = counter("published_total", "Events that the stream took");
        republished_ =
            counter("republished_total", "Of them, events that it had taken before and lost");
        left_out_ = counter("left_out_total", "Events that never get into the stream");
        refills_ = counter("refills_total", "Streams that were found to have lost events");
        lag_ = host().gauge("streamwall_jetstream_mirror_lag_events",
                            "Events of the journal that the stream does not have yet");
    }

    Step start() override {
        auto options = to_options(settings());
        if (!options) return std::move(options).error();
        auto read = services().resolve("journal", "read");
        if (!read) return std::move(read).error();
        // Durable, as others do not hear of what goes into the journal.
        auto subscribed =
            bus().subscribe({.pattern = ">", .durable = "wake"}, [this](const Event& /*event*/) {
                mirror_->wake();
                return ok();
            });
        if (!subscribed) return subscribed;
        report(SW_HEALTH_DEGRADED, "connecting");
        journal_ = std::make_unique<ServiceJournal>(host(), services(), *read);
        mirror_ = std::make_unique<Mirror>(
            std::move(*options), *journal_, [this] { return host().wall_ms(); },
            static_cast<MirrorObserver&>(*this));
        mirror_->start();
        return ok();
    }

    // Waits for an answer that is under way, so not on the strand.
    Step stop() override {
        if (!mirror_) return ok();
        journal_->stop();
        mirror_->stop();
        return pending;
    }

  private:
    // Of the instance, and of the server for who looks at what the host depends on.
    void report(int health, std::string_view reason) const {
        host().health(health, reason);
        host().health(health, reason, "nats");
    }

    // ---- what the mirror tells, on its thread ----
    void on_following(std::uint64_t after, std::uint64_t last, std::string_view why) override {
        if (why.empty()) {
            log().info("mirror.following", "sends what is behind the stream's last event",
                       {{"stream", settings().stream}, {"after", after}, {"last", last}});
            return;
        }
        refills_.add();
        log().warn(
            "mirror.refill", "the stream has lost events and gets them again",
            {{"stream", settings().stream}, {"reason", why}, {"after", after}, {"last", last}});
    }
    void on_working() override {
        last_reason_.clear();
        report(SW_HEALTH_OK, "");
    }
    void on_published(std::uint64_t count, bool again) override {
        published_.add(static_cast<double>(count));
        if (again) republished_.add(static_cast<double>(count));
    }
    void on_lag(std::uint64_t events) override { lag_.set(static_cast<double>(events)); }
    void on_differs(const std::string& names) override {
        if (std::exchange(differs_, names) == names) return;
        log().warn("mirror.stream_differs",
                   "the stream exists with other settings than ours, which stay as they are",
                   {{"stream", settings().stream}, {"settings", names}});
    }
    void on_left_out(std::uint64_t first, std::uint64_t last, std::string_view why) override {
        left_out_.add(static_cast<double>(last - first + 1));
        log().warn("mirror.left_out", "events are missing in the stream",
                   {{"first", first}, {"last", last}, {"reason", why}});
    }
    // A server that stays away is one line, not one for each try.
    void on_away(const std::string& reason, std::chrono::milliseconds retry_in) override {
        report(SW_HEALTH_DEGRADED, reason);
        if (std::exchange(last_reason_, reason) == reason) return;
        log().warn("mirror.away", "does not mirror, trying again",
                   {{"reason", reason}, {"retry_in_ms", retry_in.count()}});
    }
    void on_stopped() override { host().complete(SW_STEP_STOP); }

    std::unique_ptr<ServiceJournal> journal_;
    std::unique_ptr<Mirror> mirror_;  // ends before what it refers to
    std::string last_reason_;         // the mirror's thread, as the next one
    std::string differs_;
    Series published_;
    Series republished_;
    Series left_out_;
    Series refills_;
    Series lag_;
};

}  // namespace streamwall::jetstream

STREAMWALL_PLUGIN(streamwall::jetstream::JetstreamMirror)
