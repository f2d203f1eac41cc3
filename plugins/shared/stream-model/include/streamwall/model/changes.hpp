// What a change of a record changed.
#pragma once

#include <boost/json/object.hpp>

namespace streamwall::model {

// {"field": {"from": old, "to": new}} for every field whose value differs, in the order of
// `new_record`; a field that one of them lacks counts as null. `updated_at` and `version`, which
// move with every change, and the repeated fields `link` and `last_checked` are left out. Made in
// the memory of `old_record`, which it must not outlive.
boost::json::object diff_changes(const boost::json::object& old_record,
                                 const boost::json::object& new_record);

}  // namespace streamwall::model
