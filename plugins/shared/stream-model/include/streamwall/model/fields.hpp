// The fields of a stream record: their types and limits, and how a request's body becomes values
// for them. Sizes of text are counted in Unicode code points, those of the URL in bytes. Pure
// functions, any thread.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "streamwall/model/url_identity.hpp"

namespace streamwall::model {

inline constexpr std::int64_t kMaxId = (std::int64_t{1} << 53) - 1;
inline constexpr std::size_t kMaxLabels = 50;
inline constexpr std::size_t kMaxLabelSize = 64;

enum class FieldType { kText, kUrl, kChoice, kInteger, kId, kBoolean, kTime, kLabels };

struct FieldSpec {
    std::string_view name;
    FieldType type = FieldType::kText;
    bool writable = false;  // by a request; the others are set by the host and ignored on input
    bool nullable = true;
    std::size_t max_size = 0;                     // of kText
    std::span<const std::string_view> choices{};  // of kChoice, lower case
};

// Every field of the record in the order in which it is rendered, without the two that repeat
// another (`link` = `url`, `last_checked` = `last_checked_at`).
std::span<const FieldSpec> stream_fields();
// Nothing (nullptr) for a name that is no field; synonyms are not resolved.
const FieldSpec* find_stream_field(std::string_view name);

// The field that a name on input means: `link` is `url`, `is_pinned` is `pinned`, …; a name that is
// no synonym comes back as it is.
std::string_view resolve_synonym(std::string_view name);

enum class InputMode {
    kCreate,   // `url` is required; every writable field gets a value, its default where it is
               // absent
    kReplace,  // `url` is required; absent fields stay absent, that is, unchanged
    kPatch     // absent fields stay absent
};

struct InputOptions {
    InputMode mode = InputMode::kCreate;
    bool strict = false;  // unknown fields are errors
};

struct StreamInput {
    // Normalised values under canonical names; `status: archived` has become `archived: true`.
    // Meaningful only where there are no errors.
    boost::json::object values;
    std::vector<FieldError> errors;

    bool ok() const { return errors.empty(); }
};

// Reads a body, flat or nested under `stream`. All errors are reported at once, in the body's
// order, under the names that the body uses. Where a `url` is given without a `platform`, the
// platform is detected. Blank text in a field that may be null is null.
StreamInput read_stream_input(const boost::json::value& body, InputOptions options);

}  // namespace streamwall::model
