// Lines and envelopes as text, read when a test asks.
#include "recorder.hpp"

#include "bus/envelope.hpp"
#include "bus/pattern.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <cstdlib>

namespace streamwall::testing {

namespace json = boost::json;

namespace {

std::string text_at(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

LogLine parse_line(const std::string& text) {
    const auto line = json::parse(text).as_object();
    return {text_at(line, "level"), text_at(line, "event"), text_at(line, "plugin"),
            text_at(line, "message"), text};
}

Event to_event(const std::string& envelope) {
    Event out;
    out.envelope = envelope;
    for (const auto& [name, value] : bus::members(envelope)) {
        if (name == "data") out.data = value;
        if (name == "sequence")
            out.sequence = std::strtoull(std::string(value).c_str(), nullptr, 10);
    }
    const auto object = json::parse(envelope).as_object();
    out.id = text_at(object, "id");
    out.type = text_at(object, "type");
    out.subject = text_at(object, "subject");
    out.producer = text_at(object, "producer");
    return out;
}

}  // namespace

void Recorder::add_line(std::string_view line) {
    std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
}

void Recorder::add_envelope(std::string_view envelope) {
    std::lock_guard lock(mutex_);
    envelopes_.emplace_back(envelope);
}

void Recorder::forget() {
    std::lock_guard lock(mutex_);
    lines_.clear();
    envelopes_.clear();
}

std::vector<Event> Recorder::events(const std::string& pattern) const {
    std::vector<Event> out;
    std::lock_guard lock(mutex_);
    for (const auto& envelope : envelopes_) {
        auto event = to_event(envelope);
        if (bus::matches(pattern, event.type)) out.push_back(std::move(event));
    }
    return out;
}

std::vector<LogLine> Recorder::logs(const std::string& plugin) const {
    std::vector<LogLine> out;
    std::lock_guard lock(mutex_);
    for (const auto& text : lines_) {
        auto line = parse_line(text);
        if (plugin.empty() || line.plugin == plugin) out.push_back(std::move(line));
    }
    return out;
}

std::vector<std::string> Recorder::complaints() const {
    static constexpr std::string_view kComplaints[] = {
        "plugin.misbehaving", "plugin.leak", "plugin.drain", "plugin.stop", "interface.kept"};
    std::vector<std::string> out;
    for (const auto& line : logs({})) {
        const bool stuck = line.event == "plugin.state" && line.message.starts_with("stuck");
        if (stuck || std::ranges::find(kComplaints, line.event) != std::end(kComplaints)) {
            out.push_back(fmt::format("{}: {}: {}", line.plugin, line.event, line.message));
        }
    }
    return out;
}

}  // namespace streamwall::testing
