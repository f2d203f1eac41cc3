// SchemaRegistry: every event schema that this node has seen, and the rule that a new one must not
// break readers of another with the same major version.
//
// What was seen stays known over restarts and upgrades, in `schemas.json` in the data folder: a
// plugin that was exchanged for one with an incompatible schema is found out too.
#pragma once

#include "config/schema.hpp"
#include "exec/buffer.hpp"
#include "modules/manifest.hpp"

#include <boost/json/array.hpp>

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

namespace streamwall::runtime {

class SchemaRegistry {
  public:
    // Without a folder it remembers as long as it lives.
    explicit SchemaRegistry(std::filesystem::path data_dir);

    // Takes in what `plugin` declares. FAILED_PRECONDITION names type, versions and the member that
    // would break readers; then nothing of it was taken in. [any]
    Failure admit(const std::string& plugin, const std::vector<modules::EventSchema>& schemas);

    // [{"type","version","plugin","schema"}], by type, then version. [any]
    boost::json::array list() const;

  private:
    struct Known {
        config::Schema schema;
        boost::json::value source;
        std::string plugin;
    };
    using Version = std::pair<int, int>;
    using Versions = std::map<Version, Known>;

    void read();
    void write() const;
    boost::json::array described() const;
    static Failure compare(const modules::EventSchema& fresh, const config::Schema& schema,
                           Version version, const std::string& plugin, const Versions& known);

    const std::filesystem::path file_;
    mutable std::mutex mutex_;
    std::map<std::string, Versions> types_;
};

}  // namespace streamwall::runtime
