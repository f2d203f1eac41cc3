// Operators' orders: one instance switched off or on, restarted, given other settings.
#include "config/nearest.hpp"
#include "runtime/core.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::runtime {

namespace json = boost::json;

namespace {

Failure host_stops() {
    return Failure::of(SW_CANCELLED, "the host stops");
}

// The first finding as the message, all of them as details.
Failure refused_settings(const std::string& instance, const config::Diagnostics& found) {
    json::array errors;
    std::string first;
    for (const auto& diagnostic : found) {
        if (diagnostic.severity != config::Severity::kError) continue;
        const auto prefix = "plugins." + instance + ".";
        const auto field = diagnostic.path.starts_with(prefix)
                               ? diagnostic.path.substr(prefix.size())
                               : diagnostic.path;
        auto text = diagnostic.message;
        if (!diagnostic.hint.empty()) text += fmt::format("; did you mean '{}'?", diagnostic.hint);
        if (first.empty()) first = fmt::format("{}: {}", field, text);
        errors.push_back(
            {{"field", field}, {"code", config::code_id(diagnostic.code)}, {"message", text}});
    }
    auto failure = Failure::of(SW_INVALID_ARGUMENT, first);
    failure.where = instance;
    failure.details = json::serialize(json::object{{"errors", std::move(errors)}});
    return failure;
}

}  // namespace

std::expected<Node::Core::ConfigPtr, Failure> Node::Core::overlaid(
    const config::ResolvedInstance& from_file) const {
    const auto& name = from_file.config.name;
    const auto kept = overrides.find(name);
    if (kept == overrides.end()) return std::make_shared<const config::ResolvedInstance>(from_file);
    config::Diagnostics found;
    auto laid = config::lay_over(from_file, kept->second, options.data_dir.string(), found);
    if (config::has_errors(found)) {
        auto failure = refused_settings(name, found);
        failure.message = fmt::format(
            "settings given to '{}' while it ran do not fit: {}; see "
            "`streamwall plugins reset {}`",
            name, failure.message, name);
        return std::unexpected(std::move(failure));
    }
    for (const auto& secret : laid.settings.secrets)
        log.add_secret(secret);
    return std::make_shared<const config::ResolvedInstance>(std::move(laid));
}

Failure Node::Core::save_overrides() {
    std::erase_if(overrides, [](const auto& entry) { return entry.second.empty(); });
    return write_overrides(options.data_dir, overrides);
}

// Whoever orders something of an instance that does not come to run need not wait for that.
void Node::Core::give_order(const std::string& name, std::function<void(Instance&, Outcome)> work,
                            Outcome done) {
    const auto unknown = [this, name] {
        std::vector<std::string> names;
        for (const auto& [known, instance] : instances)
            names.push_back(known);
        const auto near = config::nearest_word(name, names);
        return Failure::of(SW_NOT_FOUND,
                           fmt::format("this node runs no plugin '{}'{}", name,
                                       near.empty() ? "" : "; did you mean '" + near + "'?"));
    };
    if (find(name) == nullptr) return done(unknown());
    if (orders.concerns(name) && under_way.contains(name)) find(name)->abort_start();
    orders.give(
        name,
        [this, name, unknown, work = std::move(work), done](const Orders::Done& end) {
            auto* instance = find(name);
            const auto finish = [end, done](Failure failure) {
                end();
                done(std::move(failure));
            };
            if (instance == nullptr) return finish(unknown());  // removed meanwhile
            work(*instance, finish);
        },
        [done] { done(host_stops()); });
}

void Node::Core::take_down(Instance& instance, Outcome done) {
    abort_start(instance.name(), [this, &instance, done = std::move(done)] {
        std::erase(started, instance.name());
        instance.drain([&instance, done] {
            instance.stop([&instance, done] {
                if (instance.state() != State::stuck) return done({});
                done(Failure::of(SW_DEADLINE_EXCEEDED,
                                 "it is stuck: " + instance.snapshot().reason));
            });
        });
    });
}

void Node::Core::bring_up(Instance& instance, Outcome done) {
    const auto& name = instance.name();
    if (stopping) return done(host_stops());
    if (instance.state() == State::running || under_way.contains(name)) return done({});
    if (instance.state() == State::stuck) {
        return done(Failure::of(SW_FAILED_PRECONDITION, "it is stuck; restart the host"));
    }
    if (std::ranges::find(graph.cycle, name) != graph.cycle.end()) {
        instance.set_state(State::failed,
                           fmt::format("needs itself: {}", fmt::join(graph.cycle, " → ")));
        return done(Failure::of(SW_FAILED_PRECONDITION, instance.snapshot().reason));
    }
    if (const auto reason = reason_to_wait(name); !reason.empty()) {
        instance.set_state(State::waiting, reason);
        return done({});
    }
    under_way.insert(name);
    failures.erase(name);
    instance.start([this, &instance, done = std::move(done)](Failure failure) {
        start_ended(instance);
        if (failure.code == SW_OK)
            started.push_back(instance.name());
        else if (failure.code == SW_UNAVAILABLE)
            retry_later(instance);
        settle();
        done(std::move(failure));
    });
}

void Node::Core::switch_off(Instance& instance) {
    const auto kept = overrides.find(instance.name());
    const bool by_operator = kept != overrides.end() && kept->second.enabled == false;
    instance.set_state(State::disabled, by_operator ? "by an operator" : "by the configuration");
}

void Node::Core::disable(const std::string& name, Outcome done) {
    give_order(
        name,
        [this](Instance& instance, const Outcome& end) {
            const auto file = from_file.at(instance.name());
            auto& overlay = overrides[instance.name()];
            // What says the same as the file is no override.
            overlay.enabled = file->config.enabled ? std::optional(false) : std::nullopt;
            if (auto next = overlaid(*file)) instance.adopt(*next, instance.inspection());
            auto saved = save_overrides();
            take_down(instance, [this, &instance, saved, end](Failure failure) {
                if (failure.code != SW_OK) return end(std::move(failure));
                switch_off(instance);
                settle();
                end(saved);
            });
        },
        std::move(done));
}

void Node::Core::switch_on(Instance& instance, Outcome done) {
    const auto file = from_file.at(instance.name());
    auto& overlay = overrides[instance.name()];
    overlay.enabled = file->config.enabled ? std::nullopt : std::optional(true);
    const auto next = overlaid(*file);
    if (next) instance.adopt(*next, instance.inspection());
    auto saved = save_overrides();
    if (!next) return done(next.error());
    bring_up(instance, [saved, done = std::move(done)](Failure failure) {
        done(failure.code == SW_OK ? saved : std::move(failure));
    });
}

void Node::Core::enable(const std::string& name, Outcome done) {
    give_order(
        name, [this](Instance& instance, Outcome end) { switch_on(instance, std::move(end)); },
        std::move(done));
}

void Node::Core::restart(const std::string& name, Outcome done) {
    give_order(
        name,
        [this](Instance& instance, const Outcome& end) {
            if (instance.state() == State::disabled) return switch_on(instance, end);
            take_down(instance, [this, &instance, end](Failure failure) {
                if (failure.code != SW_OK) return end(std::move(failure));
                bring_up(instance, end);
            });
        },
        std::move(done));
}

void Node::Core::reconfigure(const std::string& name, const json::object& settings, Outcome done) {
    give_order(
        name,
        [this, settings](Instance& instance, const Outcome& end) {
            const auto before = overrides;
            config::merge_settings(overrides[instance.name()].settings, settings);
            const auto& file = *from_file.at(instance.name());
            config::Diagnostics found;
            static_cast<void>(config::lay_over(file, overrides[instance.name()],
                                               options.data_dir.string(), found));
            if (config::has_errors(found)) {
                overrides = before;
                return end(refused_settings(instance.name(), found));
            }
            change(instance, *overlaid(file), [this, &instance, before, end](Failure failure) {
                if (failure.code == SW_OK) return end(save_overrides());
                // Others may have changed theirs meanwhile.
                const auto known = before.find(instance.name());
                overrides[instance.name()] =
                    known == before.end() ? config::Overlay{} : known->second;
                std::erase_if(overrides, [](const auto& entry) { return entry.second.empty(); });
                end(std::move(failure));
            });
        },
        std::move(done));
}

void Node::Core::reset(const std::string& name, Outcome done) {
    if (name.empty()) {
        if (overrides.empty()) return done({});
        const auto first = overrides.begin()->first;
        if (find(first) == nullptr) {
            overrides.erase(first);
            auto saved = save_overrides();
            return saved.code == SW_OK ? reset("", std::move(done)) : done(std::move(saved));
        }
        return reset(first, [this, done = std::move(done)](Failure failure) {
            if (failure.code != SW_OK) return done(std::move(failure));
            reset("", done);
        });
    }
    if (find(name) == nullptr && overrides.erase(name) != 0) return done(save_overrides());
    give_order(
        name,
        [this](Instance& instance, const Outcome& end) {
            const auto kept = overrides.extract(instance.name());
            if (kept.empty()) return end({});
            const auto overlay = kept.mapped();
            change(instance, from_file.at(instance.name()),
                   [this, &instance, overlay, end](Failure failure) {
                       if (failure.code != SW_OK) overrides[instance.name()] = overlay;
                       end(failure.code == SW_OK ? save_overrides() : std::move(failure));
                   });
        },
        std::move(done));
}

// ---- from one configuration to another ----

void Node::Core::change(Instance& instance, ConfigPtr next, Outcome done) {
    const auto before = instance.config();
    const auto* inspection = modules.find(next->config.plugin);
    const auto plan = config::plan_instance(*before, *next);
    const bool is_off = instance.state() == State::disabled;
    if (!next->config.enabled) {
        return take_down(instance, [=, this, &instance, done = std::move(done)](Failure failure) {
            if (failure.code != SW_OK) return done(std::move(failure));
            instance.adopt(next, inspection);
            switch_off(instance);
            settle();
            done({});
        });
    }
    const bool says_nothing_new =
        before->settings.value == next->settings.value && plan.action != config::Action::kRestart;
    if (says_nothing_new && !is_off) {
        instance.adopt(next, inspection);
        return done({});
    }
    if (plan.action != config::Action::kLive || instance.state() != State::running) {
        return replace(instance, std::move(next), std::move(done));
    }
    instance.reconfigure(next, [=, this, &instance, done = std::move(done)](Failure failure) {
        if (failure.code == SW_UNIMPLEMENTED) return replace(instance, next, done);
        // It never said which settings it has taken: a start with the old ones makes that sure.
        if (failure.code == SW_DEADLINE_EXCEEDED) {
            return go_back(instance, before, std::move(failure), done);
        }
        done(std::move(failure));
    });
}

void Node::Core::replace(Instance& instance, ConfigPtr next, Outcome done) {
    const auto before = instance.config();
    const bool was_off = instance.state() == State::disabled;
    take_down(instance, [=, this, &instance, done = std::move(done)](Failure failure) {
        if (failure.code != SW_OK) return done(std::move(failure));
        instance.adopt(next, modules.find(next->config.plugin));
        relink();
        bring_up(instance, [=, this, &instance](Failure refused) {
            if (refused.code == SW_OK) return done({});
            if (!was_off) return go_back(instance, before, std::move(refused), done);
            instance.adopt(before, modules.find(before->config.plugin));
            relink();
            switch_off(instance);
            done(std::move(refused));
        });
    });
}

void Node::Core::go_back(Instance& instance, ConfigPtr before, Failure failure, Outcome done) {
    take_down(instance, [=, this, &instance](Failure stuck) {
        if (stuck.code != SW_OK) return done(std::move(stuck));
        instance.adopt(before, modules.find(before->config.plugin));
        relink();
        bring_up(instance, [failure, done](const Failure& again) {
            auto out = failure;
            out.message += again.code == SW_OK ? "; it has its old settings again"
                                               : "; and with its old settings: " + again.message;
            done(std::move(out));
        });
    });
}

}  // namespace streamwall::runtime
