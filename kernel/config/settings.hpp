// From a settings tree to the JSON that a plugin gets: converted, with defaults, checked.
#pragma once

#include <boost/json/value.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "config/source.hpp"
#include "config/yaml_tree.hpp"

namespace streamwall::config {

struct Settings {
    boost::json::value value;            // an object, whatever the file said
    std::set<std::string> secret_paths;  // JSON pointers of values never to be printed
    std::set<std::string> secrets;       // the values themselves, for redaction in logs
};

// Converts scalars to the type their schema asks for (3000 and a substituted "3000" are integers,
// a quoted "3000" is text), applies defaults and validates. Unknown keys are errors unless the
// schema allows them. Every finding has the position of the value, or of the key it is about;
// `path` is the prefix of the settings' names ("plugins.http-server").
Settings normalise_settings(const Node& settings, const Schema& schema, std::string_view file,
                            const std::string& path, Diagnostics& out);

// Puts the data folder in the place of ${data} in every text of `settings`: defaults come from
// schemas, where the substitution of the file does not reach.
void fill_in_data_folder(boost::json::value& settings, std::string_view data);

}  // namespace streamwall::config
