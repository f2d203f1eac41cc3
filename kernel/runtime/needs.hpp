// Needs: who waits for whom, from declarations alone.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace streamwall::runtime {

// What one instance declares.
struct Declared {
    std::string name;
    std::vector<std::string> provides;  // services and interfaces
    std::vector<std::string> needs;     // required ones
};

struct Graph {
    std::map<std::string, std::vector<std::string>> providers;  // instance → instances it waits for
    std::map<std::string, std::vector<std::string>> missing;  // instance → names that none provides
    std::vector<std::string> cycle;                           // "a", "b", "a"; empty: none
};

// With a cycle, every instance of it is in `cycle` (the first found). What other processes provide
// (`elsewhere`) is neither waited for nor missing.
Graph link_needs(const std::vector<Declared>& instances,
                 const std::set<std::string>& elsewhere = {});

}  // namespace streamwall::runtime
