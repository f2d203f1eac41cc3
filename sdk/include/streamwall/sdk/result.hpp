// Result and Error: what every call of the SDK returns. C++20, no exceptions needed.
//
// Source of the codes: gRPC's status codes (see <streamwall/base.h>).
#pragma once

#include <streamwall/base.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace streamwall {

inline std::string_view to_view(sw_str text) {
    return {text.data ? text.data : "", text.length};
}
inline sw_str to_str(std::string_view text) {
    return {text.data(), text.size()};
}

// A failure as a value. `details` is JSON text or empty, see sw_error.
struct Error {
    sw_status code = SW_UNKNOWN;
    std::string message;
    std::string where;
    std::string details;

    static Error invalid(std::string message, std::string where = {}) {
        return {SW_INVALID_ARGUMENT, std::move(message), std::move(where), {}};
    }
    static Error not_found(std::string message) {
        return {SW_NOT_FOUND, std::move(message), {}, {}};
    }
    static Error internal(std::string message) { return {SW_INTERNAL, std::move(message), {}, {}}; }
    static Error unavailable(std::string message) {
        return {SW_UNAVAILABLE, std::move(message), {}, R"({"retry_after":1})"};
    }
};

inline Error to_error(sw_status code, const sw_error* error) {
    if (error == nullptr || error->message[0] == '\0')
        return {code, "failed without a message", {}, {}};
    Error out{code, error->message, error->where, {}};
    if (error->details) out.details.assign(error->details->data, error->details->length);
    return out;
}

// Either a T or an Error. Result<> carries success alone.
template <class T = std::monostate>
class [[nodiscard]] Result {
  public:
    using value_type = T;
    Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
    Result()
        requires std::is_same_v<T, std::monostate>
        : state_(std::in_place_index<0>) {}

    explicit operator bool() const noexcept { return state_.index() == 0; }
    bool has_value() const noexcept { return state_.index() == 0; }
    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return std::get<0>(state_); }
    const T& operator*() const& { return std::get<0>(state_); }
    T&& operator*() && { return std::get<0>(std::move(state_)); }
    T* operator->() { return &std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }
    Error& error() & { return std::get<1>(state_); }
    const Error& error() const& { return std::get<1>(state_); }
    Error&& error() && { return std::get<1>(std::move(state_)); }
    sw_status code() const { return has_value() ? SW_OK : error().code; }

  private:
    std::variant<T, Error> state_;
};

inline Result<> ok() {
    return {};
}

}  // namespace streamwall
