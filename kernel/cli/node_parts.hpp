// Which instances of a node run in this process, which in others.
#pragma once

#include "cli/config_file.hpp"

namespace streamwall::cli {

// Notes what the other nodes provide.
void note_other_nodes(const config::Topology& topology, const config::NodeChoice& choice,
                      const config::ManifestLookup& plugins,
                      const config::SubstitutionSources& sources, NodePlan& plan);

// Leaves the instances of `plan.isolation` in `plan.node` and describes the others as parts. A part
// that does not exist is an error among the diagnostics, limits of one a warning.
void keep_own_part(const config::ManifestLookup& plugins, NodePlan& plan);

}  // namespace streamwall::cli
