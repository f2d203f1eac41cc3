// Overrides: what operators switched and set while the host ran, kept over restarts.
//
// The file `overrides.json` in the data folder holds it, readable by its user only, since settings
// may be secrets:
//   {"version":1,"instances":{"discovery":{"enabled":false},"catalog":{"settings":{"limit":5}}}}
#pragma once

#include "config/overlay.hpp"
#include "exec/buffer.hpp"

#include <boost/json/object.hpp>

#include <expected>
#include <filesystem>
#include <map>
#include <string>

namespace streamwall::runtime {

using Overrides = std::map<std::string, config::Overlay>;  // by instance; none is empty

// Nothing is no file. The error says what is wrong with one that cannot be used.
std::expected<Overrides, Failure> read_overrides(const std::filesystem::path& data_dir);

// Replaces the file and has it on disk when it returns; without a data folder there is nothing to
// do. The error says that the change ends with the process.
Failure write_overrides(const std::filesystem::path& data_dir, const Overrides& overrides);

// {"instance","enabled"?,"settings":[names]} for each; never values.
boost::json::array describe(const Overrides& overrides);

}  // namespace streamwall::runtime
