#include "cli/plugin_command.hpp"

#include "cli/commands.hpp"
#include "config/settings.hpp"
#include "runtime/node.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <future>
#include <istream>
#include <ostream>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kCloseLimit{5};

// Health and steps concern instances that run; these never do.
class NobodyListens final : public abi::HostListener {
  public:
    void step_completed(int /*step*/, sw_status /*status*/, Failure /*failure*/) override {}
    void health_changed() override {}
};

// An instance between create() and destroy(), with a host of its own that has no other plugins.
class CommandInstance {
  public:
    CommandInstance(modules::ModuleStore& modules, telemetry::Logger& log,
                    const modules::Manifest& manifest, const sw_plugin_entry& entry)
        : node_(options(), modules, log),
          host_(node_.facilities(), manifest, manifest.name, listener_),
          table_(*entry.plugin) {}

    ~CommandInstance() {
        host_.close_intake(kCloseLimit, [] {});
        host_.close(kCloseLimit);
        host_.party.strand->close();
        host_.party.strand->bind(nullptr);
        if (self_) table_.destroy(self_);
    }

    Failure create(const std::string& settings) {
        std::promise<Failure> created;
        host_.party.strand->post_function([&] {
            ErrorSlot error;
            const auto status = table_.create(host_.api(), str(settings), &self_, error.get());
            if (status != SW_OK) self_ = nullptr;
            created.set_value(status == SW_OK ? Failure{} : Failure::from(status, error.get()));
        });
        return created.get_future().get();
    }

    const sw_command_api* commands() const {
        if (!SW_HAS(&table_, get_extension) || !table_.get_extension) return nullptr;
        return static_cast<const sw_command_api*>(table_.get_extension(self_, SW_COMMAND));
    }
    void* self() const { return self_; }

  private:
    static runtime::NodeOptions options() {
        runtime::NodeOptions options;
        options.node = "command";
        options.workers = 1;
        return options;
    }

    NobodyListens listener_;
    runtime::Node node_;
    sw_host host_;
    const sw_plugin_api& table_;
    void* self_ = nullptr;
};

sw_command_io make_io(const Console& console) {
    sw_command_io io{};
    io.size = sizeof io;
    io.self = const_cast<Console*>(&console);
    io.write_out = [](void* self, sw_str text) {
        static_cast<const Console*>(self)->out << view(text) << std::flush;
    };
    io.write_error = [](void* self, sw_str text) {
        static_cast<const Console*>(self)->err << view(text) << std::flush;
    };
    io.read = [](void* self, char* into, std::size_t capacity) -> std::size_t {
        auto& in = static_cast<const Console*>(self)->in;
        // What is there already; else wait for one character, so that a terminal answers each line.
        if (const auto ready = in.readsome(into, static_cast<std::streamsize>(capacity));
            ready > 0) {
            return static_cast<std::size_t>(ready);
        }
        if (capacity == 0 || !in.get(*into)) return 0;
        return 1 + static_cast<std::size_t>(
                       in.readsome(into + 1, static_cast<std::streamsize>(capacity - 1)));
    };
    return io;
}

int exit_code_for(sw_status status) {
    if (status == SW_INVALID_ARGUMENT) return kWrongUsage;
    if (status == SW_PERMISSION_DENIED || status == SW_UNAUTHENTICATED) return kNotAllowed;
    return kFailed;
}

}  // namespace

int run_plugin_command(Session& session, const modules::Inspection& plugin,
                       const std::string& command, const json::object& arguments) {
    telemetry::Logger log({.level = telemetry::Level::kWarn});
    const auto entry = session.modules().load(plugin);
    if (!entry) return fail(session, kFailed, entry.error().message);
    config::Diagnostics problems;
    config::Node nothing_said;
    nothing_said.kind = config::Node::Kind::kMapping;
    const auto settings = config::normalise_settings(nothing_said, plugin.manifest->settings_schema,
                                                     "", plugin.manifest->name, problems);
    if (config::has_errors(problems)) {
        print_diagnostics(session.console.err, problems);
        return fail(session, kFailed, "the plugin cannot run with default settings");
    }
    CommandInstance instance(session.modules(), log, *plugin.manifest, **entry);
    const auto created = instance.create(json::serialize(settings.value));
    if (created.code != SW_OK) return fail(session, kFailed, created.message);
    const auto* commands = instance.commands();
    if (!commands || !SW_HAS(commands, run)) {
        return fail(session, kFailed,
                    fmt::format("plugin '{}' does not implement its command '{}'",
                                plugin.manifest->name, command));
    }
    const auto io = make_io(session.console);
    std::int32_t exit_code = kDone;
    ErrorSlot error;
    const auto given = json::serialize(arguments);
    const auto status =
        commands->run(instance.self(), str(command), str(given), &io, &exit_code, error.get());
    if (status == SW_OK) return exit_code;
    return fail(session, exit_code_for(status), Failure::from(status, error.get()).message);
}

}  // namespace streamwall::cli
