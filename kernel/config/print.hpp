// The effective configuration of a node, for people and for tools. Secrets are printed as ***.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

#include "config/check.hpp"

namespace streamwall::config {

// {"node", "replica", "kernel": {…}, "plugins": {instance: {plugin, enabled, …, settings…}}}.
// A value is redacted if its setting is secret, or if it contains any secret of the node.
boost::json::value effective_json(const ResolvedNode& node);

// The same as block YAML: readable, and parse_yaml() reads it back.
std::string effective_yaml(const ResolvedNode& node);

// [{severity, code, file, line, column, path, message, hint, text}], `text` being the whole line.
boost::json::array to_json(const Diagnostics& diagnostics);

// Any JSON value as block YAML; every text that could be read as something else is quoted.
std::string to_yaml(const boost::json::value& value);

}  // namespace streamwall::config
