// Stand-ins: plugins that a process gets of its own accord, for a service that it cannot do
// without.
#pragma once

#include "config/check.hpp"
#include "modules/module_store.hpp"

#include <set>
#include <string>
#include <vector>

namespace streamwall::runtime {

// Adds them to what a process runs. So far one service has such plugins: `journal`, wanted where
// durable events are published, and missing where neither an instance nor `elsewhere` on the node
// has it.
void add_stand_ins(std::vector<config::ResolvedInstance>& instances,
                   const modules::ModuleStore& modules, const std::set<std::string>& elsewhere,
                   const std::string& data_dir);

}  // namespace streamwall::runtime
