// collaboration: wires the channels and the service to the store.
#include "channel.hpp"
#include "sessions.hpp"
#include "wall_channel.hpp"

#include <streamwall/contracts/collaboration.hpp>
#include <streamwall/contracts/store.hpp>
#include <streamwall/records/requests.hpp>
#include <streamwall/sdk/plugin.hpp>

namespace streamwall::collaboration {

// Serial: sessions, locks and texts are on one strand, and their actions one after the other.
class CollaborationPlugin final : public Plugin<> {
  public:
    CollaborationPlugin(const sw_host_api* api, NoSettings settings)
        : Plugin(api, settings), store_(*this) {}

    Step start() override {
        if (auto resolved = store_.resolve(); !resolved) return std::move(resolved).error();
        auto declare = services().resolve(contracts::store::kService, contracts::store::kDeclare);
        if (!declare) return std::move(declare).error();
        declare_ = *declare;
        namespace names = contracts::collaboration;
        for (const auto& [method, run] : {std::pair(names::kCreate, &Sessions::create),
                                          std::pair(names::kLock, &Sessions::lock),
                                          std::pair(names::kUnlock, &Sessions::unlock),
                                          std::pair(names::kAnnounce, &Sessions::announce)}) {
            auto offered =
                services().offer(names::kService, method, [this, run](const Request& request) {
                    return tasks_.serve(request,
                                        (sessions_.*run)(std::string(request.body()),
                                                         records::on_strand(request.context())));
                });
            if (!offered) return offered;
        }
        for (const auto* pattern : {"wall.*", "layout.*"}) {
            auto heard = bus().subscribe({.pattern = pattern, .durable = pattern},
                                         [this](const Event& event) -> Outcome {
                                             walls_.hear(event);
                                             return ok();
                                         });
            if (!heard) return heard;
        }
        tasks_.start(open());
        return pending;
    }

  private:
    Task<> open() {
        std::string collections = R"({"collections":[)";
        collections.append(kSessionsDeclaration).append(",").append(Locks::kDeclaration);
        collections.append(",").append(Texts::kDeclaration).append(",");
        collections.append(SharedUpdates::kDeclaration).append("]}");
        const auto context = host().own_context(std::chrono::seconds(30));
        auto declared =
            co_await coro::call(services(), declare_, Buffer(collections), context.raw());
        if (!declared) co_return host().complete(SW_STEP_START, declared.error());
        if (auto opened = walls_.open(); !opened) {
            co_return host().complete(SW_STEP_START, opened.error());
        }
        host().complete(SW_STEP_START, co_await channel_.open());
    }

    records::Store store_;
    Tasks tasks_{*this};
    CollaborationChannel channel_{*this, store_, tasks_};
    Sessions sessions_{*this, store_, channel_};
    WallChannel walls_{*this, store_, tasks_};
    Method declare_;
};

}  // namespace streamwall::collaboration

STREAMWALL_PLUGIN(streamwall::collaboration::CollaborationPlugin)
