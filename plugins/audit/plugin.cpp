// audit: wiring. What an entry is, is in entry.cpp; the chain is in chain.cpp.
#include "commands.hpp"
#include "deeds.hpp"
#include "entry.hpp"
#include "journal_writer.hpp"

#include <streamwall/contracts/audit.hpp>
#include <streamwall/contracts/store.hpp>
#include <streamwall/sdk/plugin.hpp>

namespace streamwall::audit {
namespace {

namespace names = contracts::audit;

// As many as come while a batch is written, so that the next one has them all.
constexpr std::uint32_t kMostUnderWay = 1024;

class Audit final : public Plugin<> {
  public:
    using Plugin::Plugin;

    Step start() override {
        if (auto resolved = store_.resolve(); !resolved) return std::move(resolved).error();
        auto declare = services().resolve(contracts::store::kService, contracts::store::kDeclare);
        if (!declare) return std::move(declare).error();
        if (auto offered = offer_methods(); !offered) return std::move(offered).error();
        const auto context = host().own_context(std::chrono::seconds(30));
        services().call(*declare, Buffer(kDeclaration), context.raw(),
                        [this](Result<Buffer> declared) {
                            if (!declared) {
                                return host().complete(SW_STEP_START, std::move(declared).error());
                            }
                            host().complete(SW_STEP_START, hear_changes());
                        });
        return pending;
    }

  private:
    template <class Target>
    Result<> offer(std::string_view service, std::string_view method, Target& target,
                   Task<Result<Buffer>> (Target::*flow)(std::string, Context)) {
        return services().offer(service, method, [this, &target, flow](const Request& request) {
            return tasks_.serve(request, (target.*flow)(std::string(request.body()),
                                                        records::on_strand(request.context())));
        });
    }

    Result<> offer_methods() {
        if (auto done = offer(names::kService, names::kList, entries_, &Entries::list); !done) {
            return done;
        }
        if (auto done = offer(names::kService, names::kVerify, entries_, &Entries::verify); !done) {
            return done;
        }
        if (auto done = offer(names::kService, names::kNote, deeds_, &Deeds::note); !done) {
            return done;
        }
        if (auto done = offer(kCommandService, "audit list", commands_, &Commands::list); !done) {
            return done;
        }
        return offer(kCommandService, "audit verify", commands_, &Commands::verify);
    }

    Result<> hear_changes() {
        const Subscribe options{.pattern = ">",
                                .durable = "entries",
                                .deliver = SW_DELIVER_SHARED,
                                .start = SW_START_ALL,
                                .limit = kMostUnderWay};
        return bus().subscribe(options, [this](const Event& event) { return take(event); });
    }

    Outcome take(const Event& event) {
        const Context context(event.context());
        auto entry = entry_of({.type = event.type(),
                               .subject = event.subject(),
                               .timestamp = event.timestamp(),
                               .actor_type = context.principal_type(),
                               .actor_id = context.principal_id(),
                               .actor_name = context.principal_name(),
                               .request_id = context.correlation_id(),
                               .epoch = event.epoch(),
                               .sequence = static_cast<std::int64_t>(event.sequence()),
                               .data = event.data(),
                               .changes = event.changes()});
        if (!entry) return ok();  // no record
        writer_.add(std::move(*entry), Delivery(event));
        return pending;
    }

    records::Store store_{*this};
    Entries entries_{*this, store_};
    Deeds deeds_{store_};
    Commands commands_{entries_};
    JournalWriter writer_{*this, tasks_, store_};
    Tasks tasks_{*this};  // behind what its tasks use
};

}  // namespace
}  // namespace streamwall::audit

STREAMWALL_PLUGIN(streamwall::audit::Audit)
