// What a change of a stream writes and announces. Pure functions.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::catalog {

struct StreamChange {
    std::string set_json;         // the fields that differ, with their repetitions
    std::string changes_json;     // {"field":{"from","to"}}
    std::string_view event_type;  // the most specific one that applies
    // Names of the fields that differ because they were asked for; times that follow are none.
    std::vector<std::string> fields;
    // Only the time of the last check moved: worth an event once a minute, not each time.
    bool is_touch = false;
    bool moves = false;  // its URL, its status, or whether it is archived differs
};

// The difference that `values` make to `record`, the text of a whole record; nothing where they
// make none. `values` as model::read_stream_input gives them; what times follow is in
// stream_times.hpp.
std::optional<StreamChange> plan_change(std::string_view record, const boost::json::object& values,
                                        std::int64_t now_ms);
// The names of the fields of `values` that differ.
std::vector<std::string> changed_fields(std::string_view record, const boost::json::object& values);

// The members that an insert writes: `values`, their repetitions, the times that follow, and the
// owner (0: none) where `values` name none.
std::string new_record_json(const boost::json::object& values, std::int64_t user_id,
                            std::int64_t now_ms);

// "stream/5"
std::string stream_subject(std::int64_t id);

}  // namespace streamwall::catalog
