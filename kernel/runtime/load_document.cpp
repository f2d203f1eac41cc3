// Two documents of a node: who depends on what ("graph"), and how much there is to do ("load").
#include "runtime/core.hpp"
#include "runtime/documents.hpp"

#include <unistd.h>
#include <boost/json.hpp>

#include <fstream>
#include <numeric>
#include <string>

namespace streamwall::runtime {

namespace json = boost::json;

namespace {

json::array needs_of(const modules::Manifest& manifest, bool interfaces) {
    json::array out;
    for (const auto& need : manifest.needs) {
        if (need.interface == interfaces) {
            out.push_back({{"name", need.name}, {"optional", need.optional}});
        }
    }
    return out;
}

json::array names_of(const std::vector<std::string>& names) {
    return json::array(names.begin(), names.end());
}

// From /proc/self/status: "Threads:\t12", "VmRSS:\t  3456 kB".
std::int64_t process_figure(std::string_view name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name))
            return std::strtoll(line.c_str() + name.size() + 1, nullptr, 10);
    }
    return 0;
}

struct Work {
    std::uint64_t queued = 0, delivered = 0, dropped = 0, calls = 0, failed_calls = 0;
};

}  // namespace

std::string Node::Core::graph_document() const {
    json::array list;
    for (const auto& instance : all()) {
        const auto status = status_of(*instance);
        json::object one{{"name", status.name}, {"plugin", status.plugin}, {"state", status.state}};
        if (const auto* manifest = instance->manifest()) {
            json::array publishes;
            for (const auto& published : manifest->publishes)
                publishes.emplace_back(published.type);
            one["provides"] = names_of(manifest->provides);
            one["interfaces"] = names_of(manifest->interfaces);
            one["needs"] = needs_of(*manifest, false);
            one["uses"] = needs_of(*manifest, true);
            one["publishes"] = std::move(publishes);
            one["subscribes"] = names_of(manifest->subscribes);
        }
        list.push_back(std::move(one));
    }
    return json::serialize(json::object{{"node", options.node}, {"instances", std::move(list)}});
}

std::string Node::Core::load_document() const {
    std::map<std::string, Work> work;
    for (const auto& subscription : bus.list()) {
        auto& mine = work[subscription->owner().instance];
        mine.queued += subscription->depth();
        mine.delivered += subscription->delivered();
        mine.dropped += subscription->dropped();
    }
    for (const auto& info : services.list()) {
        auto& mine = work[info.provider];
        mine.calls = std::accumulate(info.calls.begin(), info.calls.end(), mine.calls);
        mine.failed_calls =
            std::accumulate(info.calls.begin() + 1, info.calls.end(), mine.failed_calls);
    }
    json::array list;
    for (const auto& instance : all()) {
        auto& mine = work[instance->name()];
        for (const auto& reader : instance->readers()) {
            const auto stats = reader->stats();
            mine.queued += stats.in_flight + stats.parked;
            mine.delivered += stats.delivered;
        }
        const auto status = status_of(*instance);
        list.push_back(
            json::object{{"name", status.name},
                         {"state", status.state},
                         {"health", status.health},
                         {"reason", status.reason.empty() ? status.health_reason : status.reason},
                         {"queued", mine.queued},
                         {"events", mine.delivered},
                         {"dropped", mine.dropped},
                         {"calls", mine.calls},
                         {"failed_calls", mine.failed_calls}});
    }
    return json::serialize(
        json::object{{"node", options.node},
                     {"pid", static_cast<std::int64_t>(::getpid())},
                     {"threads", process_figure("Threads:")},
                     {"rss_kib", process_figure("VmRSS:")},
                     {"uptime_ms", clock.wall_ms() - started_ms},
                     {"at_ms", static_cast<std::int64_t>(clock.monotonic_ns() / 1'000'000)},
                     {"plugins", std::move(list)}});
}

}  // namespace streamwall::runtime
