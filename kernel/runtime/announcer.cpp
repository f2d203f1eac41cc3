#include "runtime/announcer.hpp"

#include "runtime/documents.hpp"
#include "runtime/instance.hpp"

#include <boost/json.hpp>

namespace streamwall::runtime {

namespace json = boost::json;

namespace {

constexpr std::string_view kStateChanged = R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "plugin.state_changed/1.0",
  "title": "A plugin instance changed its state, or reported another health",
  "type": "object",
  "required": ["node", "plugin", "state", "reason", "health", "health_reason", "previous"],
  "properties": {
    "node": {"type": "string", "description": "where it runs"},
    "plugin": {"type": "string", "description": "the instance, as the configuration names it"},
    "state": {"enum": ["discovered", "waiting", "created", "starting", "running", "draining",
                       "stopping", "stopped", "destroyed", "disabled", "failed", "stuck"],
              "description": "as the kernel says"},
    "reason": {"type": "string", "description": "what it waits for, or why it failed"},
    "health": {"enum": ["ok", "degraded", "down"],
               "description": "as the plugin says; down where it does not run"},
    "health_reason": {"type": "string"},
    "previous": {"type": ["object", "null"], "description": "what was told before",
                 "required": ["state", "health"],
                 "properties": {"state": {"type": "string"}, "health": {"type": "string"}}}
  }
})json";

constexpr std::string_view kNodeJoined = R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "node.joined/1.0",
  "title": "A node can be reached from now on",
  "type": "object",
  "required": ["node"],
  "properties": {"node": {"type": "string"}, "version": {"type": "string"}}
})json";

constexpr std::string_view kNodeLeft = R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "node.left/1.0",
  "title": "A node said good-bye, or has not been heard of",
  "type": "object",
  "required": ["node"],
  "properties": {"node": {"type": "string"}, "reason": {"type": "string"}}
})json";

}  // namespace

std::vector<modules::EventSchema> kernel_event_schemas() {
    return {{"plugin.state_changed", "1.0", json::parse(kStateChanged)},
            {"node.joined", "1.0", json::parse(kNodeJoined)},
            {"node.left", "1.0", json::parse(kNodeLeft)}};
}

void Announcer::tell(const Instance& instance) {
    // Held while posting, so that events leave in the order of the changes they tell of.
    std::lock_guard lock(mutex_);
    const auto status = status_of(instance);
    Told now{status.state, status.reason, status.health, status.health_reason};
    json::value previous;
    if (const auto known = told_.find(status.name); known != told_.end()) {
        if (known->second == now) return;
        previous = {{"state", known->second.state}, {"health", known->second.health}};
    }
    told_[status.name] = std::move(now);
    const json::object data{{"node", node_},
                            {"plugin", status.name},
                            {"state", status.state},
                            {"reason", status.reason},
                            {"health", status.health},
                            {"health_reason", status.health_reason},
                            {"previous", std::move(previous)}};
    party_.strand->post_function(
        [this, text = json::serialize(data), subject = "plugin/" + node_ + "/" + status.name] {
            const BufferRef body(text);
            sw_event_draft draft{};
            draft.size = sizeof draft;
            draft.type = str("plugin.state_changed");
            draft.version = str("1.0");
            draft.subject = str(subject);
            draft.data = body.get();
            bus_.publish(party_, draft, normalised(nullptr));
        });
}

}  // namespace streamwall::runtime
