// The kernel's own keys, described in the language that plugins use for theirs.
#include "config/topology_schemas.hpp"

#include <boost/json/parse.hpp>

#include <stdexcept>
#include <string_view>

#include "config/topology.hpp"

namespace streamwall::config {

namespace {

constexpr std::string_view kStructure = R"json({
  "type": "object",
  "required": ["nodes"],
  "properties": {
    "version": {"const": 1},
    "nodes": {
      "type": ["object", "null"],
      "additionalProperties": {
        "type": "object",
        "required": ["plugins"],
        "properties": {
          "plugins": {"type": "array", "items": {"type": "string"}, "maxItems": 1000},
          "replicas": {"type": "integer", "minimum": 1, "maximum": 100},
          "settings": {
            "type": ["object", "null"],
            "additionalProperties": {"type": ["object", "null"], "additionalProperties": true}
          }
        }
      }
    },
    "plugins": {
      "type": ["object", "null"],
      "additionalProperties": {"type": ["object", "null"], "additionalProperties": true}
    },
    "kernel": {"type": ["object", "null"], "additionalProperties": true}
  }
})json";

constexpr std::string_view kReserved = R"json({
  "type": "object",
  "properties": {
    "plugin": {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"},
    "enabled": {"type": "boolean", "default": true},
    "required": {"type": "boolean", "default": false},
    "isolation": {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "default": "host"},
    "restart": {"enum": ["always", "on-failure", "never"], "default": "on-failure"},
    "permissions": {"type": "array", "uniqueItems": true,
                    "items": {"type": "string", "minLength": 1}},
    "sha256": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
  }
})json";

constexpr std::string_view kKernel = R"json({
  "type": "object",
  "properties": {
    "data_dir": {"type": "string", "minLength": 1, "description": "where the host writes"},
    "production": {"type": "boolean", "description": "refuse secrets that anybody could know: defaults, well-known words, placeholders, a few letters"},
    "plugin_path": {"type": "array", "items": {"type": "string", "minLength": 1},
                    "description": "folders searched for plugins beside the default"},
    "start_timeout": {"type": "string", "format": "duration"},
    "stop_timeout": {"type": "string", "format": "duration"},
    "mesh": {
      "type": "object",
      "properties": {
        "prefix": {"type": "string", "pattern": "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$",
                   "maxLength": 64, "default": "streamwall",
                   "description": "first token of every subject; systems with different ones do not meet"}
      }
    },
    "isolation": {
      "type": "object",
      "description": "limits of the processes that `isolation` of plugins names",
      "additionalProperties": {
        "type": "object",
        "properties": {
          "memory": {"type": "string", "format": "byte-size",
                     "description": "resident; a process that uses more is killed and starts again"},
          "threads": {"type": "integer", "minimum": 8, "maximum": 100000,
                      "description": "a process that has more is killed and starts again"},
          "compute": {"type": "string", "format": "duration", "default": "200ms",
                      "description": "processor time that a plugin's task may use once it has blocked a thread for 250 ms; then the process ends and starts again"}
        }
      }
    },
    "log": {
      "type": "object",
      "properties": {
        "level": {"enum": ["trace", "debug", "info", "warn", "error", "off"], "x-reload": "live"},
        "format": {"enum": ["auto", "text", "json"]},
        "plugins": {
          "type": "object",
          "x-reload": "live",
          "description": "a level for single instances",
          "additionalProperties": {"enum": ["trace", "debug", "info", "warn", "error", "off"]}
        }
      }
    }
  }
})json";

Schema compile_own(std::string_view text) {
    auto schema = Schema::compile(boost::json::parse(text));
    if (!schema) {
        const SchemaError& error = schema.error().front();
        throw std::logic_error("built-in schema: " + error.pointer + ": " + error.message);
    }
    return *std::move(schema);
}

}  // namespace

boost::json::value structure_schema_source() {
    return boost::json::parse(kStructure);
}
boost::json::value reserved_schema_source() {
    return boost::json::parse(kReserved);
}
boost::json::value kernel_schema_source() {
    return boost::json::parse(kKernel);
}

const Schema& structure_schema() {
    static const Schema schema = compile_own(kStructure);
    return schema;
}

const Schema& reserved_schema() {
    static const Schema schema = compile_own(kReserved);
    return schema;
}

const Schema& kernel_schema() {
    static const Schema schema = compile_own(kKernel);
    return schema;
}

}  // namespace streamwall::config
