// The graph of needs and its cycles.
#include "runtime/needs.hpp"

#include <algorithm>
#include <set>

namespace streamwall::runtime {

namespace {

// Depth-first; `path` is the chain from the root to `at`.
bool find_cycle(const Graph& graph, const std::string& at, std::vector<std::string>& path,
                std::set<std::string>& done, std::vector<std::string>& cycle) {
    const auto seen = std::ranges::find(path, at);
    if (seen != path.end()) {
        cycle.assign(seen, path.end());
        cycle.push_back(at);
        return true;
    }
    if (done.contains(at)) return false;
    path.push_back(at);
    if (const auto next = graph.providers.find(at); next != graph.providers.end()) {
        for (const auto& provider : next->second) {
            if (find_cycle(graph, provider, path, done, cycle)) return true;
        }
    }
    path.pop_back();
    done.insert(at);
    return false;
}

}  // namespace

Graph link_needs(const std::vector<Declared>& instances, const std::set<std::string>& elsewhere) {
    Graph graph;
    std::map<std::string, std::string> provider_of;
    for (const auto& instance : instances) {
        for (const auto& name : instance.provides)
            provider_of.emplace(name, instance.name);
    }
    for (const auto& instance : instances) {
        auto& providers = graph.providers[instance.name];
        for (const auto& need : instance.needs) {
            const auto found = provider_of.find(need);
            if (found == provider_of.end()) {
                if (!elsewhere.contains(need)) graph.missing[instance.name].push_back(need);
            } else if (std::ranges::find(providers, found->second) == providers.end()) {
                providers.push_back(found->second);
            }
        }
    }
    std::set<std::string> done;
    for (const auto& instance : instances) {
        std::vector<std::string> path;
        if (find_cycle(graph, instance.name, path, done, graph.cycle)) break;
    }
    return graph;
}

}  // namespace streamwall::runtime
