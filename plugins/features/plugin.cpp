// features: wiring. What a flag is and does is in feature_flags.cpp and gates.cpp.
#include "commands.hpp"

#include <streamwall/contracts/store.hpp>
#include <streamwall/sdk/plugin.hpp>

namespace streamwall::features {
namespace {

namespace names = contracts::features;

class Features final : public Plugin<> {
  public:
    using Plugin::Plugin;

    Step start() override {
        if (auto resolved = flags_.resolve(); !resolved) return std::move(resolved).error();
        auto declare = services().resolve(contracts::store::kService, contracts::store::kDeclare);
        if (!declare) return std::move(declare).error();
        if (auto offered = offer_methods(); !offered) return std::move(offered).error();
        if (auto heard = hear_changes(); !heard) return std::move(heard).error();
        const auto context = host().own_context(std::chrono::seconds(30));
        services().call(*declare, Buffer(kDeclaration), context.raw(),
                        [this](Result<Buffer> declared) {
                            if (!declared) {
                                return host().complete(SW_STEP_START, std::move(declared).error());
                            }
                            tasks_.start(begin());
                        });
        return pending;
    }

  private:
    Task<> begin() {
        const auto loaded = co_await flags_.load(host().own_context(std::chrono::seconds(30)));
        host().complete(SW_STEP_START, loaded);
    }

    using Flow = Task<Result<Buffer>> (FeatureFlags::*)(std::string, Context);
    using CommandFlow = Task<Result<Buffer>> (Commands::*)(std::string, Context);

    template <class Target, class Method>
    Result<> offer(std::string_view service, std::string_view method, Target& target, Method flow) {
        return services().offer(service, method, [this, &target, flow](const Request& request) {
            return tasks_.serve(request, (target.*flow)(std::string(request.body()),
                                                        records::on_strand(request.context())));
        });
    }

    Result<> offer_methods() {
        for (const auto& [method, flow] : std::initializer_list<std::pair<std::string_view, Flow>>{
                 {names::kList, &FeatureFlags::list},
                 {names::kGet, &FeatureFlags::get},
                 {names::kCreate, &FeatureFlags::create},
                 {names::kUpdate, &FeatureFlags::update},
                 {names::kEnable, &FeatureFlags::enable},
                 {names::kDisable, &FeatureFlags::disable}}) {
            if (auto offered = offer(names::kService, method, flags_, flow); !offered) {
                return offered;
            }
        }
        for (const auto& [method, flow] :
             std::initializer_list<std::pair<std::string_view, CommandFlow>>{
                 {"features list", &Commands::list},
                 {"features create", &Commands::create},
                 {"features enable", &Commands::enable},
                 {"features disable", &Commands::disable},
                 {"features set", &Commands::set}}) {
            if (auto offered = offer(kCommandService, method, commands_, flow); !offered) {
                return offered;
            }
        }
        auto offered =
            services().offer(names::kService, names::kDecide, [this](const Request& request) {
                return Answer(flags_.decide(request.body(), Context(request.context())));
            });
        if (!offered) return offered;
        return services().offer(names::kService, names::kSnapshot, [this](const Request& request) {
            return Answer(flags_.snapshot(Context(request.context())));
        });
    }

    Result<> hear_changes() {
        const Subscribe options{.pattern = names::kFeatureChanged, .durable = "flags"};
        return bus().subscribe(options, [this](const Event& event) -> Outcome {
            const auto flag = event.json();
            if (!flag) return flag.error();
            flags_.learn(*flag);
            return ok();
        });
    }

    FeatureFlags flags_{*this};
    Commands commands_{flags_};
    Tasks tasks_{*this};  // behind what its tasks use
};

}  // namespace
}  // namespace streamwall::features

STREAMWALL_PLUGIN(streamwall::features::Features)
