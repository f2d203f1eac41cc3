// The test host: a node of the real kernel, with everything around it recorded.
#include "streamwall/testing/host.hpp"

#include "config/settings.hpp"
#include "config/yaml_tree.hpp"
#include "memory_journal.hpp"
#include "peer.hpp"
#include "recorder.hpp"
#include "runtime/instance.hpp"
#include "runtime/node.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <fstream>
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

namespace streamwall::testing {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds kStep{10};  // of virtual time

Answer to_answer(const Failure& failure) {
    auto out = Answer::error(failure.code, failure.message, failure.details);
    out.where = failure.where;
    return out;
}

fs::path make_data_dir() {
    auto pattern = (fs::temp_directory_path() / "streamwall-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("cannot make a temporary folder like " + pattern);
    }
    return pattern;
}

std::size_t entries_of(const char* folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

struct Host::Impl {
    explicit Impl(Options given)
        : options(std::move(given)),
          own_data_dir(options.data_dir.empty()),
          log(telemetry::LogOptions{
              .level = telemetry::Level::kDebug,
              .format = telemetry::LogFormat::kJson,
              .sink = [this](std::string_view line) { recorder.add_line(line); }}),
          modules({}) {
        if (own_data_dir) options.data_dir = make_data_dir();
    }
    ~Impl() {
        node.reset();
        std::error_code ignored;  // what is left of a temporary folder harms nobody
        if (own_data_dir) fs::remove_all(options.data_dir, ignored);
    }

    Answer prepare();
    Answer add_instance(const std::string& plugin, const std::string& settings);
    Answer make_node();
    const modules::Manifest* owner_of(const std::string& type) const;
    bool pump_until(const std::function<bool()>& holds, std::chrono::milliseconds limit);
    Answer wait_for(const std::function<void(std::function<void(Answer)>)>& work,
                    std::chrono::milliseconds limit);
    std::shared_ptr<runtime::Node> running() const {
        std::lock_guard lock(mutex);
        return node;
    }
    bool is_virtual() const { return options.time == Time::virtual_; }

    Options options;
    const bool own_data_dir;
    mutable std::mutex mutex;
    Recorder recorder;

    exec::VirtualClock clock;
    telemetry::Logger log;
    modules::ModuleStore modules;
    Peer peer;
    MemoryJournal journal;
    std::vector<config::ResolvedInstance> instances;
    bool prepared = false;
    std::shared_ptr<runtime::Node> node;  // changed under the mutex
};

// Done once: files are inspected, settings checked, the peer learns what it has to stand in for.
Answer Host::Impl::prepare() {
    if (std::exchange(prepared, true)) return Answer::ok();
    std::vector<std::string> names;
    if (!options.program.empty()) modules.try_first({.program = options.program, .memory = {}});
    for (const auto& file : options.plugins)
        names.push_back(modules.add(fs::absolute(file)).name());
    bool has_journal = peer.serves("journal");
    for (const auto& inspection : modules.found()) {
        if (!inspection.manifest) continue;
        const auto& provided = inspection.manifest->provides;
        has_journal = has_journal || std::ranges::find(provided, "journal") != provided.end();
        if (inspection.manifest->own_loop && is_virtual()) {
            return Answer::error(
                SW_FAILED_PRECONDITION,
                fmt::format("plugin '{}' has a loop of its own; set .time = Time::real",
                            inspection.name()));
        }
    }
    if (!has_journal) journal.offer_through(peer);
    const std::string peer_name(kPeerName);
    if (const auto added = modules.add_built_in(peer.manifest(), peer.entry()); !added) {
        return to_answer(added.error());
    }
    if (auto added = add_instance(peer_name, peer.settings()); !added) return added;
    for (const auto& name : names) {
        const auto found = options.settings.find(name);
        auto added = add_instance(name, found == options.settings.end() ? "{}" : found->second);
        if (!added) return added;
    }
    for (const auto& [name, settings] : options.settings) {
        if (std::ranges::find(names, name) == names.end()) {
            return Answer::error(SW_NOT_FOUND,
                                 fmt::format("settings for '{}', which is not loaded", name));
        }
    }
    return Answer::ok();
}

Answer Host::Impl::add_instance(const std::string& plugin, const std::string& settings) {
    config::ResolvedInstance instance;
    instance.config.name = plugin;
    instance.config.plugin = plugin;
    instance.config.required = options.required.contains(plugin);
    if (const auto pin = options.sha256.find(plugin); pin != options.sha256.end()) {
        instance.config.sha256 = pin->second;
    }
    if (const auto* inspection = modules.find(plugin); inspection && inspection->manifest) {
        auto document = config::parse_yaml(settings, "settings of " + plugin);
        instance.known = true;
        instance.schema = inspection->manifest->settings_schema;
        instance.settings = config::normalise_settings(document.root, instance.schema,
                                                       document.file, plugin, document.diagnostics);
        if (config::has_errors(document.diagnostics)) {
            return Answer::error(SW_INVALID_ARGUMENT,
                                 config::to_string(document.diagnostics.front()));
        }
        config::fill_in_data_folder(instance.settings.value, options.data_dir.string());
    }
    instances.push_back(std::move(instance));
    return Answer::ok();
}

Answer Host::Impl::make_node() {
    runtime::NodeOptions made;
    made.node = "test";
    made.data_dir = options.data_dir;
    made.instances = instances;
    made.start_timeout = options.start_timeout;
    made.stop_timeout = options.stop_timeout;
    made.validate_events = true;
    if (is_virtual()) made.virtual_clock = &clock;
    const auto fresh = std::make_shared<runtime::Node>(std::move(made), modules, log);
    fresh->tap(">", [this](const std::string& envelope) { recorder.add_envelope(envelope); });
    {
        std::lock_guard lock(mutex);
        node = fresh;
    }
    auto started = to_answer(fresh->start());
    if (is_virtual()) fresh->pump();
    return started;
}

// The loaded plugin that says what class a type has, and its schema.
const modules::Manifest* Host::Impl::owner_of(const std::string& type) const {
    for (const auto& inspection : modules.found()) {
        if (inspection.manifest && inspection.manifest->find_published(type)) {
            return &*inspection.manifest;
        }
    }
    return nullptr;
}

bool Host::Impl::pump_until(const std::function<bool()>& holds, std::chrono::milliseconds limit) {
    if (is_virtual()) {
        node->pump();
        for (auto left = limit; !holds(); left -= kStep) {
            if (left.count() <= 0) return false;
            node->pump(kStep);
        }
        return true;
    }
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

Answer Host::Impl::wait_for(const std::function<void(std::function<void(Answer)>)>& work,
                            std::chrono::milliseconds limit) {
    struct Slot {
        std::mutex mutex;
        std::optional<Answer> answer;
    };
    const auto slot = std::make_shared<Slot>();
    work([slot](Answer answer) {
        std::lock_guard lock(slot->mutex);
        slot->answer = std::move(answer);
    });
    // The kernel answers at the deadline; the margin is for its timer to fire.
    const auto in_time = pump_until(
        [&] {
            std::lock_guard lock(slot->mutex);
            return slot->answer.has_value();
        },
        limit + std::chrono::seconds(5));
    if (!in_time) return Answer::error(SW_INTERNAL, "no answer came, not even at the deadline");
    std::lock_guard lock(slot->mutex);
    return *slot->answer;
}

Host::Host(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Host::~Host() {
    stop();
}

void Host::fake(std::string service, std::string method, Fake answer) {
    impl_->peer.serve(
        service, method,
        [answer = std::move(answer)](const Call& call, const sw_context&) { return answer(call); });
}

Answer Host::start() {
    if (impl_->running()) return Answer::error(SW_FAILED_PRECONDITION, "the host runs already");
    if (auto prepared = impl_->prepare(); !prepared) return prepared;
    return impl_->make_node();
}

bool Host::stop() {
    const auto node = impl_->running();
    if (!node) return true;
    const bool clean = node->stop();
    std::lock_guard lock(impl_->mutex);
    impl_->node.reset();
    return clean;
}

Answer Host::disable(const std::string& plugin) {
    return to_answer(impl_->running()->disable(plugin));
}
Answer Host::enable(const std::string& plugin) {
    return to_answer(impl_->running()->enable(plugin));
}
Answer Host::restart(const std::string& plugin) {
    return to_answer(impl_->running()->restart(plugin));
}

Answer Host::publish(const std::string& type, const std::string& subject, const std::string& data) {
    boost::system::error_code failed;
    const auto parsed = json::parse(data, failed);
    if (failed || !parsed.is_object()) {
        return Answer::error(SW_INVALID_ARGUMENT, "an event's data is a JSON object");
    }
    const auto* owner = impl_->owner_of(type);
    if (owner != nullptr) {
        if (const auto schema = owner->event_schemas.find(type);
            schema != owner->event_schemas.end()) {
            const auto violations = config::validate(schema->second.root(), parsed);
            if (!violations.empty()) {
                auto out = Answer::error(SW_INVALID_ARGUMENT, violations[0].message());
                out.where = violations[0].field_path();
                return out;
            }
        }
        if (owner->find_published(type)->event_class == modules::EventClass::durable) {
            const json::value request = {
                {"events",
                 {{{"type", type}, {"version", "1.0"}, {"subject", subject}, {"data", parsed}}}}};
            return call("journal", "append", json::serialize(request));
        }
    }
    const BufferRef body(data);
    sw_event_draft draft{};
    draft.size = sizeof draft;
    draft.type = str(type);
    draft.version = str("1.0");
    draft.subject = str(subject);
    draft.data = body.get();
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = str("service");
    const auto node = impl_->running();
    auto* sender = node->find(std::string(kPeerName))->host();
    node->facilities().bus.publish(sender->party, draft, context);
    if (impl_->is_virtual()) node->pump();
    return Answer::ok();
}

Answer Host::call(const std::string& service, const std::string& method, const std::string& body,
                  const Principal& principal, std::chrono::milliseconds timeout) {
    return impl_->wait_for(
        [&](std::function<void(Answer)> done) {
            impl_->peer.call(service, method, body, principal, timeout, std::move(done));
        },
        timeout);
}

void Host::advance(std::chrono::milliseconds by) {
    if (!impl_->is_virtual()) throw std::logic_error("only virtual time can be advanced");
    impl_->running()->pump(by);
}

bool Host::eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit) {
    return impl_->pump_until(holds, limit);
}

std::vector<Event> Host::events(const std::string& pattern) const {
    return impl_->recorder.events(pattern);
}
std::vector<LogLine> Host::logs(const std::string& plugin) const {
    return impl_->recorder.logs(plugin);
}
void Host::forget() {
    impl_->recorder.forget();
}
std::vector<std::string> Host::complaints() const {
    return impl_->recorder.complaints();
}

PluginState Host::state(const std::string& plugin) const {
    const auto node = impl_->running();
    if (!node) return {"stopped", "", "", "", 0};
    for (const auto& status : node->instances()) {
        if (status.name != plugin) continue;
        return {status.state, status.reason, status.health, status.health_reason, status.restarts};
    }
    return {"unknown", "no such plugin", "", "", 0};
}

std::string Host::document(std::string_view what) const {
    const auto node = impl_->running();
    return node ? node->introspect(what).value_or("") : "";
}

const fs::path& Host::data_dir() const {
    return impl_->options.data_dir;
}

Resources Host::resources() {
    Resources out;
    out.buffers = buffers_alive();
    out.descriptors = entries_of("/proc/self/fd");
    out.threads = entries_of("/proc/self/task");
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages >> pages;
    out.resident_kib = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 1024;
    return out;
}

}  // namespace streamwall::testing
