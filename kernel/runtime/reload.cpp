// Another configuration for a running node: what differs is carried out step by step, or undone.
#include "config/print.hpp"
#include "runtime/core.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <iterator>

namespace streamwall::runtime {

namespace json = boost::json;
using config::Action;

namespace {

std::vector<std::string> required_needs(const modules::Manifest& manifest) {
    std::vector<std::string> out;
    for (const auto& need : manifest.needs) {
        if (!need.optional) out.push_back(need.name);
    }
    return out;
}

}  // namespace

// One reload under way; kept alive by the callbacks it hands out.
class Node::Core::Steps : public std::enable_shared_from_this<Steps> {
  public:
    Steps(std::vector<Step> steps, Outcome done)
        : steps_(std::move(steps)), done_(std::move(done)) {}

    void go_on() {
        if (next_ == steps_.size()) return done_({});
        steps_[next_].apply([self = shared_from_this()](Failure failure) {
            if (failure.code == SW_OK) {
                ++self->next_;
                return self->go_on();
            }
            failure.where = self->steps_[self->next_].instance;
            failure.message = fmt::format("{}: {}", failure.where, failure.message);
            self->failure_ = std::move(failure);
            self->go_back();
        });
    }

  private:
    // The step that failed has undone itself.
    void go_back() {
        if (next_ == 0) return done_(std::move(failure_));
        steps_[--next_].undo([self = shared_from_this()](const Failure& failure) {
            if (failure.code != SW_OK) {
                self->failure_.message +=
                    fmt::format("; and on the way back: {}: {}", self->steps_[self->next_].instance,
                                failure.message);
            }
            self->go_back();
        });
    }

    const std::vector<Step> steps_;
    const Outcome done_;
    std::size_t next_ = 0;
    Failure failure_;
};

void Node::Core::relink() {
    std::vector<Declared> declared;
    for (const auto& [name, instance] : instances) {
        const auto* manifest = instance->manifest();
        if (manifest == nullptr) continue;
        Declared one{name, manifest->provides, required_needs(*manifest)};
        one.provides.insert(one.provides.end(), manifest->interfaces.begin(),
                            manifest->interfaces.end());
        declared.push_back(std::move(one));
    }
    graph = link_needs(declared, options.services_elsewhere);
}

void Node::Core::add_instance(ConfigPtr config) {
    const auto name = config->config.name;
    const auto* inspection = modules.find(config->config.plugin);
    std::shared_ptr<Instance> instance;
    if (auto kept = retired.extract(name)) {
        instance = std::move(kept.mapped());
        instance->adopt(std::move(config), inspection);
        if (instance->state() != State::stuck) instance->set_state(State::discovered);
    } else {
        instance = std::make_shared<Instance>(
            std::move(config), inspection,
            InstanceParts{facilities, modules, control, pool, options.start_timeout,
                          options.stop_timeout,
                          [this](const std::string& plugin, const modules::Manifest& manifest) {
                              return schemas.admit(plugin, manifest.events);
                          },
                          [this](const Instance& changed) {
                              announcer.tell(changed);
                              const auto state = changed.state();
                              if (state != State::failed && state != State::disabled) return;
                              control->post_function(
                                  [this, ended = changed.name()] { singletons.give_up(ended); });
                          }});
    }
    std::lock_guard lock(instances_mutex);
    instances.emplace(name, std::move(instance));
}

void Node::Core::remove_instance(const std::string& name) {
    std::shared_ptr<Instance> instance;
    {
        std::lock_guard lock(instances_mutex);
        auto node = instances.extract(name);
        instance = std::move(node.mapped());
    }
    instance->set_state(State::destroyed);
    failures.erase(name);
    retired[name] = std::move(instance);
    relink();
}

void Node::Core::appear(ConfigPtr config, Outcome done) {
    const auto name = config->config.name;
    add_instance(config);
    relink();
    auto& instance = *find(name);
    if (!config->config.enabled) {
        switch_off(instance);
        return done({});
    }
    bring_up(instance, [this, &instance, done = std::move(done)](Failure failure) {
        if (failure.code == SW_OK) return done({});
        take_down(instance, [this, &instance, failure, done](const Failure&) {
            remove_instance(instance.name());
            done(failure);
        });
    });
}

void Node::Core::disappear(const std::string& name, Outcome done) {
    take_down(*find(name), [this, name, done = std::move(done)](Failure failure) {
        if (failure.code == SW_OK) remove_instance(name);
        done(std::move(failure));
    });
}

Node::Core::Step Node::Core::make_step(const config::InstancePlan& plan, const ConfigPtr& next) {
    const auto& name = plan.name;
    const auto* running = find(name);
    const auto before = running ? running->config() : nullptr;
    if (plan.action == Action::kAdd) {
        return {name, [=, this](Outcome done) { appear(next, std::move(done)); },
                [=, this](Outcome done) { disappear(name, std::move(done)); }};
    }
    if (plan.action == Action::kRemove) {
        return {name, [=, this](Outcome done) { disappear(name, std::move(done)); },
                [=, this](Outcome done) { appear(before, std::move(done)); }};
    }
    return {name, [=, this](Outcome done) { change(*find(name), next, std::move(done)); },
            [=, this](Outcome done) { change(*find(name), before, std::move(done)); }};
}

std::expected<config::ResolvedNode, Failure> Node::Core::with_overrides(
    const std::vector<config::ResolvedInstance>& wanted) const {
    config::ResolvedNode out;
    for (const auto& from_the_file : wanted) {
        auto laid = overlaid(from_the_file);
        if (!laid) return std::unexpected(std::move(laid.error()));
        out.instances.push_back(**laid);
    }
    return out;
}

config::ResolvedNode Node::Core::running_config() const {
    config::ResolvedNode out;
    for (const auto& instance : all())
        out.instances.push_back(*instance->config());
    return out;
}

void Node::Core::reload(const std::vector<config::ResolvedInstance>& wanted,
                        std::function<void(Reload)> done) {
    const auto report = [this, done](const std::vector<config::InstancePlan>& plans,
                                     Failure failure) {
        log.info("config.reloaded", "kernel",
                 failure.code == SW_OK ? "the node runs the new configuration"
                                       : "the node runs the configuration it had",
                 {{"changes", static_cast<std::int64_t>(plans.size())},
                  {"done", failure.code == SW_OK},
                  {"error", failure.message}});
        done({plans, std::move(failure)});
    };
    orders.give(
        "",
        [this, wanted, report](const Orders::Done& end) {
            const auto after = with_overrides(wanted);
            if (!after) {
                end();
                return report({}, after.error());
            }
            const auto all_plans = config::plan_reload(running_config(), *after);
            std::vector<config::InstancePlan> plans;
            // What goes makes room for what comes: an address, a service.
            std::ranges::copy_if(all_plans, std::back_inserter(plans),
                                 [](const auto& p) { return p.action == Action::kRemove; });
            std::ranges::copy_if(all_plans, std::back_inserter(plans), [](const auto& p) {
                return p.action != Action::kRemove && p.action != Action::kUnchanged;
            });
            std::vector<Step> steps;
            for (const auto& plan : plans) {
                const auto* next = after->find(plan.name);
                steps.push_back(
                    make_step(plan, next ? std::make_shared<const config::ResolvedInstance>(*next)
                                         : ConfigPtr{}));
            }
            const auto finish = [this, wanted, plans, end, report](Failure failure) {
                if (failure.code == SW_OK) {
                    from_file.clear();
                    for (const auto& one : wanted) {
                        from_file[one.config.name] =
                            std::make_shared<const config::ResolvedInstance>(one);
                    }
                }
                settle();
                end();
                report(plans, std::move(failure));
            };
            std::make_shared<Steps>(std::move(steps), finish)->go_on();
        },
        [report] { report({}, Failure::of(SW_CANCELLED, "the host stops")); });
}

// Reading and checking files takes its time, which the control strand does not have.
void Node::Core::reread(std::function<void(const FreshConfig&)> then, Report refused) {
    if (!options.reread) {
        return refused(std::unexpected(
            Failure::of(SW_FAILED_PRECONDITION, "this host was not started from a file")));
    }
    blocking.post(exec::Task::of([this, then = std::move(then), refused = std::move(refused)] {
        FreshConfig fresh;
        {
            std::lock_guard lock(rereading);
            fresh = options.reread();
        }
        if (!config::has_errors(fresh.diagnostics)) {
            return control->post_function([then, fresh] { then(fresh); });
        }
        auto failure =
            Failure::of(SW_INVALID_ARGUMENT,
                        fmt::format("{} is not valid; the node runs on as it did", fresh.file));
        failure.details =
            json::serialize(json::object{{"diagnostics", config::to_json(fresh.diagnostics)}});
        refused(std::unexpected(std::move(failure)));
    }));
}

void Node::Core::plan_file(Report done) {
    reread(
        [this, done](const FreshConfig& fresh) {
            auto out = plan(fresh.instances);
            out["file"] = fresh.file;
            done(std::move(out));
        },
        done);
}

void Node::Core::reload_file(Report done) {
    reread(
        [this, done](const FreshConfig& fresh) {
            reload(fresh.instances, [done, fresh](Reload outcome) {
                if (outcome.failure.code != SW_OK) {
                    return done(std::unexpected(std::move(outcome.failure)));
                }
                json::array changes;
                for (const auto& step : outcome.steps) {
                    changes.push_back({{"instance", step.name},
                                       {"action", config::to_string(step.action)},
                                       {"changed", json::value_from(step.changed)}});
                }
                done(json::object{{"file", fresh.file},
                                  {"changes", std::move(changes)},
                                  {"warnings", config::to_json(fresh.diagnostics)}});
            });
        },
        done);
}

json::object Node::Core::plan(const std::vector<config::ResolvedInstance>& wanted) const {
    json::array list, unused;
    config::ResolvedNode file_before, file_after;
    for (const auto& [name, config] : from_file)
        file_before.instances.push_back(*config);
    file_after.instances = wanted;
    const auto after = with_overrides(wanted);
    const auto in_file = config::plan_reload(file_before, file_after);
    for (const auto& step : config::plan_reload(running_config(), after ? *after : file_after)) {
        json::object one{{"instance", step.name},
                         {"action", config::to_string(step.action)},
                         {"changed", json::value_from(step.changed)}};
        const auto* instance = find(step.name);
        one["state"] = instance ? json::value(to_string(instance->state())) : json::value(nullptr);
        json::array beaten;
        for (const auto& same : in_file) {
            if (same.name != step.name) continue;
            for (const auto& name : same.changed) {
                if (std::ranges::find(step.changed, name) == step.changed.end())
                    beaten.emplace_back(name);
            }
        }
        one["beaten"] = std::move(beaten);
        list.push_back(std::move(one));
    }
    for (const auto& kept : describe(overrides)) {
        const auto& name = kept.as_object().at("instance");
        const auto same = std::ranges::find_if(
            list, [&](const json::value& one) { return one.as_object().at("instance") == name; });
        if (same == list.end()) {
            unused.push_back(kept);
            continue;
        }
        for (const auto& [key, value] : kept.as_object())
            same->as_object()[key] = value;
    }
    json::object out{{"node", options.node}, {"instances", list}, {"unused", unused}};
    if (!after) out["refused"] = after.error().message;
    return out;
}

}  // namespace streamwall::runtime
