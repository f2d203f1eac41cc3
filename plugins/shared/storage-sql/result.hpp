// What the parts of a storage back end hand back: a value or an error that the boundary
// understands.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace streamwall::storage {

// The numbers are those of sw_status.
enum class Code : std::int32_t {
    kCancelled = 1,
    kInvalidArgument = 3,
    kDeadlineExceeded = 4,
    kNotFound = 5,
    kAlreadyExists = 6,
    kResourceExhausted = 8,
    kFailedPrecondition = 9,
    kAborted = 10,
    kOutOfRange = 11,
    kUnimplemented = 12,
    kInternal = 13,
    kUnavailable = 14,
    kDataLoss = 15,
};

struct Error {
    Code code = Code::kInternal;
    std::string message;
    std::string where;    // the member or field it is about; may be empty
    std::string details;  // text of a JSON object, or empty
};

template <class T>
using Result = std::expected<T, Error>;

// An error about one member of a request; `field` also becomes details.errors.
Error field_error(Code code, std::string_view field, std::string_view reason,
                  std::string_view message);

inline std::unexpected<Error> invalid(std::string_view field, std::string_view message) {
    return std::unexpected(field_error(Code::kInvalidArgument, field, "invalid", message));
}

// An error with nothing but details.code, for callers that branch on it.
Error coded_error(Code code, std::string_view machine_code, std::string_view message);

// Too much is queued, or the store is away for a moment.
Error busy_error(Code code, std::string_view message, int retry_after_seconds);

}  // namespace streamwall::storage
