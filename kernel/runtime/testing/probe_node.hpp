// ProbeNode: a node on virtual time whose plugins are probes, which note down what is done to them.
#pragma once

#include "modules/module_store.hpp"
#include "runtime/node.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace streamwall::runtime::testing {

// Plugins, all with the settings
//   rate (live; 13 is refused), size (restarts; 13 makes start fail), key (live, secret)
// "probe" takes live settings, "stiff" has no function for them, "user" needs the service that
// "provider" provides.
class ProbeNode {
  public:
    explicit ProbeNode(std::filesystem::path data_dir = {});
    ~ProbeNode();

    config::ResolvedInstance instance(const std::string& name, const std::string& settings = "{}",
                                      const std::string& plugin = "probe") const;
    // A node with these instances; a second one takes the place of the first.
    Failure start(std::vector<config::ResolvedInstance> instances);

    Node& operator*() { return *node_; }
    Node* operator->() { return node_.get(); }
    // What was done since the last call, in order: "a: start", "a: reconfigure 5".
    std::vector<std::string> took();
    std::string state(const std::string& instance) const;
    std::string reason(const std::string& instance) const;
    // The data of each plugin.state_changed so far.
    std::vector<std::string> changes();

  private:
    struct Log;
    const std::filesystem::path data_dir_;
    std::unique_ptr<Log> log_;
    exec::VirtualClock clock_;
    telemetry::Logger logger_;
    modules::ModuleStore modules_;
    std::unique_ptr<Node> node_;
};

}  // namespace streamwall::runtime::testing
