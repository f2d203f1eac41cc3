// `streamwall db migrate|status|copy`.
#pragma once

#include <boost/json.hpp>

#include <functional>
#include <string>
#include <string_view>

#include "storage-sql/result.hpp"

namespace streamwall::postgres {

struct CommandIo {
    std::function<void(std::string_view)> write;          // standard output
    std::function<void(std::string_view)> write_error;    // standard error
    bool on_terminal = false;                             // is standard error one?
    std::function<std::string(const char*)> environment;  // empty where it isn't set
};

// `name` as in the manifest, `arguments` as the command line has parsed them. Blocks. An error of
// kInvalidArgument: the command was used wrongly.
storage::Result<void> run_db_command(std::string_view name, const boost::json::object& arguments,
                                     const CommandIo& io);

}  // namespace streamwall::postgres
