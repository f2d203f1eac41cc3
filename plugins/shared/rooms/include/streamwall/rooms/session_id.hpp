// Names of sessions that nobody can guess: who knows one may use it.
#pragma once

#include <sys/random.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace streamwall::rooms {

// 32 digits. [any]
inline std::string make_session_id() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::array<unsigned char, 16> bytes;
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw std::runtime_error("the system gives no random numbers");
    }
    std::string out;
    for (const auto byte : bytes) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

}  // namespace streamwall::rooms
