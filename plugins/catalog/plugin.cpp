// catalog: wiring. The rules are in the other files.
#include "analytics.hpp"
#include "collection.hpp"
#include "discovered.hpp"
#include "import_command.hpp"
#include "resources.hpp"
#include "streams_service.hpp"
#include "upkeep.hpp"

#include <streamwall/contracts/accounts.hpp>
#include <streamwall/contracts/events.hpp>
#include <streamwall/contracts/features.hpp>
#include <streamwall/contracts/store.hpp>
#include <streamwall/contracts/streams.hpp>
#include <streamwall/records/job.hpp>
#include <streamwall/sdk/plugin.hpp>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace streamwall::catalog {

struct Settings {
    std::size_t cache_mib = 32;
    std::chrono::milliseconds archive_after = std::chrono::minutes(30);
    std::chrono::milliseconds archive_every = std::chrono::minutes(5);
    std::chrono::milliseconds continue_within = std::chrono::minutes(30);
    std::chrono::milliseconds history_for = std::chrono::days(90);
};

namespace {

using contracts::streams::Operation;

// An intake that takes longer than this is delivered again.
constexpr auto kIntakeTime = std::chrono::seconds(30);
// One round of what the catalog does by itself.
constexpr auto kUpkeepTime = std::chrono::minutes(2);

// Of the caller's time, what an import leaves for its report.
constexpr std::uint64_t kReportTimeNs = 5'000'000'000;
constexpr std::uintmax_t kMaxFile = std::uintmax_t{512} << 20;

Result<Buffer> read_file(const std::filesystem::path& path) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    if (failed) return Error::not_found(path.string() + ": " + failed.message());
    if (size > kMaxFile) return Error::invalid(path.string() + " is larger than 512 MiB");
    std::ifstream file(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (!file) return Error::unavailable(path.string() + " cannot be read");
    return Buffer(text);
}

// Of this instance, among those that keep the same store.
std::string random_name() {
    std::random_device random;
    return "catalog-" + std::to_string(random()) + "-" + std::to_string(random());
}

class HostedStore final : public StorePort {
  public:
    explicit HostedStore(const Services& services) : services_(services) {}

    Result<> resolve() {
        constexpr std::array kNames = {contracts::store::kGet, contracts::store::kQuery,
                                       contracts::store::kApply, contracts::store::kLease};
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            auto method = services_.resolve(contracts::store::kService, kNames[i]);
            if (!method) return std::move(method).error();
            methods_[i] = *method;
        }
        return ok();
    }
    void call(Method method, Buffer request, const sw_context& context, Reply reply) override {
        services_.call(methods_[static_cast<std::size_t>(method)], request, context,
                       std::move(reply));
    }

  private:
    const Services& services_;
    std::array<streamwall::Method, 4> methods_{};
};

}  // namespace

class Catalog final : public Plugin<Settings> {
  public:
    Catalog(const sw_host_api* api, Settings settings)
        : Plugin(api, settings),
          store_(services()),
          records_(
              store_, [this] { return host().monotonic_ns(); }, settings.cache_mib << 20,
              [this] { return host().wall_ms(); }),
          wall_ms_([this] { return host().wall_ms(); }),
          upkeep_(records_,
                  {.archive_after = settings.archive_after,
                   .continue_within = settings.continue_within,
                   .history_for = settings.history_for},
                  wall_ms_, random_name()) {}

    Step start() override {
        if (auto resolved = store_.resolve(); !resolved) return std::move(resolved).error();
        if (auto offered = offer_methods(); !offered) return std::move(offered).error();
        if (auto offered = offer_import(); !offered) return std::move(offered).error();
        if (auto offered = resources_.offer(services()); !offered)
            return std::move(offered).error();
        records_.relate(resources_.relations());
        if (auto begun = flags_.start(); !begun) return std::move(begun).error();
        if (auto subscribed = take_links(); !subscribed) return std::move(subscribed).error();
        if (auto subscribed = hear_changes(); !subscribed) return std::move(subscribed).error();
        if (auto heard = hear_of_relations(); !heard) return std::move(heard).error();
        hits_ = host().counter("streamwall_cache_hits_total", "Reads answered from a cache.",
                               {{"level", "l1"}});
        auto declare = services().resolve(contracts::store::kService, contracts::store::kDeclare);
        if (!declare) return std::move(declare).error();
        const auto context = host().own_context(std::chrono::seconds(30));
        services().call(*declare, Buffer(streams_declaration()), context.raw(),
                        [this, declare = *declare](Result<Buffer> declared) {
                            if (declared) return declare_resources(declare);
                            host().complete(SW_STEP_START, std::move(declared).error());
                        });
        return pending;
    }

  private:
    Result<> offer_methods() {
        namespace streams = contracts::streams;
        for (std::size_t i = 0; i < streams::kMethods.size(); ++i) {
            const auto operation = static_cast<Operation>(i);
            auto offered = services().offer(
                streams::kService, streams::kMethods[i],
                [this, operation](const Request& request) { return answer(operation, request); });
            if (!offered) return offered;
        }
        return ok();
    }

    Result<> offer_import() {
        auto take_user =
            services().resolve(contracts::accounts::kUsers, contracts::accounts::kTakeOver);
        if (!take_user) return std::move(take_user).error();
        take_user_ = *take_user;
        return services().offer("catalog.commands", "import", [this](const Request& request) {
            const Context context(request.context());
            const auto reported = context.with_deadline(context.deadline_ns() - kReportTimeNs);
            const ReadFile read = [this](std::string path, Reply reply) {
                auto shared = std::make_shared<Reply>(std::move(reply));
                host().post_blocking(
                    [path = std::move(path), shared] { (*shared)(read_file(path)); });
            };
            const TellProgress tell = [this, context](const std::string& subject, std::int64_t done,
                                                      std::int64_t total) {
                json::Writer data;
                data.number("done", done).number("total", total);
                const Draft draft{
                    .type = "command.progress", .subject = subject, .data = data.buffer()};
                // The import goes on, seen or not.
                (void)bus().publish(draft, context.raw());
            };
            const ImportDoors doors{records_, resources_,
                                    [this](Buffer user, const sw_context& by, Reply reply) {
                                        services().call(take_user_, user, by, std::move(reply));
                                    }};
            run(import_streams(doors, read, tell, std::string(request.body()), reported),
                [responder = request.defer()](Result<Buffer> reply) mutable {
                    responder.send(std::move(reply));
                });
            return Answer(pending);
        });
    }

    Answer answer(Operation operation, const Request& request) {
        if (operation == Operation::kGet) {
            if (auto hit = serve_from_memory(records_, request.body())) {
                hits_.add();
                return std::move(*hit);
            }
        }
        if (operation == Operation::kList) {
            if (auto hit = list_from_memory(records_, request.body())) {
                hits_.add();
                return hit;
            }
        }
        if (operation == Operation::kAnalytics) {
            const AnalyticsOptions options{.wall_ms = wall_ms_, .kept = settings().history_for};
            read_analytics(records_, options, request.body(), request.context(),
                           [responder = request.defer()](Result<Buffer> reply) mutable {
                               responder.send(std::move(reply));
                           });
            return pending;
        }
        serve(records_, operation, request.body(), request.context(),
              [responder = request.defer()](Result<Buffer> reply) mutable {
                  responder.send(std::move(reply));
              });
        return pending;
    }

    Result<> take_links() {
        const Subscribe options{.pattern = contracts::events::kStreamDiscovered,
                                .durable = "catalog",
                                .deliver = SW_DELIVER_SHARED,
                                .start = SW_START_ALL};
        return bus().subscribe(options, [this](const Event& event) -> Outcome {
            if (is_taken_already(event.data())) return ok();
            // Replies come on the strand: the publisher's loop has no part in this.
            const auto context = Context(event.context())
                                     .with_deadline(host().own_context(kIntakeTime).deadline_ns())
                                     .with_home(nullptr);
            take_discovered(records_, {event.id(), event.data()}, context.raw(),
                            [delivery = Delivery(event)](const Result<Taken>& done) mutable {
                                delivery.complete(done ? ok() : Result<>(done.error()));
                            });
            return pending;
        });
    }

    // Whether a change with these `changes` may alter under which URL a record is found.
    static bool may_move(std::string_view changes) {
        return changes.empty() || !json::find_member(changes, "url").empty() ||
               !json::find_member(changes, "archived").empty();
    }

    // Another catalog over the same store makes changes, too; its events end what is old here.
    Result<> hear_changes() {
        namespace events = contracts::events;
        return bus().subscribe(
            {.pattern = "stream.*", .durable = "cache"}, [this](const Event& event) -> Outcome {
                const auto type = event.type();
                const bool is_of_record =
                    type != events::kStreamDiscovered && type != events::kStreamDuplicateSeen;
                if (is_of_record) {
                    records_.heard({.record = event.shared_data(),
                                    .changes = event.changes(),
                                    .sequence = static_cast<std::int64_t>(event.sequence()),
                                    .created = type == events::kStreamCreated,
                                    .removed = type == events::kStreamDeleted,
                                    .moves = may_move(event.changes())});
                }
                return ok();
            });
    }

    Result<> hear_of_relations() {
        auto heard = bus().subscribe({.pattern = "location.*", .durable = "locations"},
                                     [this](const Event&) -> Outcome {
                                         resources_.heard_of_location();
                                         return ok();
                                     });
        if (!heard) return heard;
        const Subscribe options{.pattern = contracts::events::kStreamDeleted,
                                .durable = "timestamps",
                                .deliver = SW_DELIVER_SHARED,
                                .start = SW_START_ALL};
        return bus().subscribe(options, [this](const Event& event) -> Outcome {
            const auto id = json::to_integer(json::find_member(event.data(), "id")).value_or(0);
            const auto context = Context(event.context())
                                     .with_deadline(host().own_context(kIntakeTime).deadline_ns())
                                     .with_home(nullptr);
            resources_.forget_stream(
                id, context.raw(),
                [delivery = Delivery(event)](Result<> done) mutable { delivery.complete(done); });
            return pending;
        });
    }

    void declare_resources(streamwall::Method declare) {
        const auto context = host().own_context(std::chrono::seconds(30));
        services().call(declare, Buffer(Resources::declaration()), context.raw(),
                        [this](Result<Buffer> declared) {
                            if (declared) return count_next(0);
                            host().complete(SW_STEP_START, std::move(declared).error());
                        });
    }

    // Counts the streams of one status after the other, then runs.
    void count_next(std::size_t at) {
        if (at == 0) records_.counts().expose(host());
        if (at == StatusCounts::kStatuses.size()) {
            begin_upkeep();
            return host().complete(SW_STEP_START);
        }
        const contracts::streams::List query{
            .filters = {{"status", {'"' + std::string(StatusCounts::kStatuses[at]) + '"'}}},
            .limit = 1};
        const auto context = host().own_context(std::chrono::seconds(30));
        serve(records_, Operation::kList, query.request().view(), context.raw(),
              [this, at](Result<Buffer> reply) {
                  if (!reply) return host().complete(SW_STEP_START, std::move(reply).error());
                  const auto count = json::to_integer(json::find_member(reply->view(), "count"));
                  records_.counts().set(StatusCounts::kStatuses[at], count.value_or(0));
                  count_next(at + 1);
              });
    }

    // What rests is known from the beginning; nothing is archived before the first round.
    void begin_upkeep() {
        learn_resting();
        archive_rule_.emplace(host(), "archive rule", settings().archive_every);
        archive_rule_->waits();
        upkeep_timer_ = host().every(settings().archive_every, [this] {
            archive_rule_->waits();
            if (upkeep_runs_.exchange(true)) return;
            run(upkeep_.run_once(kUpkeepTime, host().own_context(kUpkeepTime)),
                [this](Result<Buffer> done) {
                    tell_of_upkeep(done);
                    learn_resting();
                });
        });
    }

    void learn_resting() {
        upkeep_runs_ = true;
        run(upkeep_.learn_resting(host().own_context(kUpkeepTime)), [this](Result<Buffer> done) {
            const bool has_failed = !done && done.code() != SW_CANCELLED;
            if (has_failed) log().warn("catalog.history_unread", done.error().message);
            upkeep_runs_ = false;
        });
    }

    void tell_of_upkeep(const Result<Buffer>& done) {
        if (done.code() == SW_CANCELLED) return;
        if (!done) {
            archive_rule_->ran(done.error());
            return log().warn("catalog.upkeep_failed", done.error().message);
        }
        const auto archived =
            json::to_integer(json::find_member(done->view(), "archived")).value_or(0);
        archive_rule_->ran(std::to_string(archived) + " archived");
        if (archived == 0) return;
        log().info("catalog.archived", "streams that are not live went into the archive",
                   {{"count", archived}});
    }

    HostedStore store_;
    StreamRecords records_;
    std::function<std::int64_t()> wall_ms_;
    Upkeep upkeep_;
    std::optional<records::Job> archive_rule_;
    Timer upkeep_timer_;
    std::atomic<bool> upkeep_runs_{false};
    contracts::features::Flags flags_{*this};
    Resources resources_{store_, records_, [this](const sw_context& context) {
                             return flags_.is_on(contracts::features::kLocationValidation, context);
                         }};
    Series hits_;
    streamwall::Method take_user_{};
};

}  // namespace streamwall::catalog

STREAMWALL_SETTINGS(streamwall::catalog::Settings, cache_mib, archive_after, archive_every,
                    continue_within, history_for)
STREAMWALL_PLUGIN(streamwall::catalog::Catalog)
