// Tokens of strangers: none may be taken, and none may do harm.
#include "jwt.hpp"

#include <heap_buffers.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace streamwall::accounts;
    static const auto ring = KeyRing::make(Seconds(1'700'000'000));
    const jwt::Rules rules{.ring = ring,
                           .shared_secret = "a secret that the fuzzer does not know",
                           .issuer = "streamwall",
                           .now = Seconds(1'700'000'000),
                           .service_secret = "another that the fuzzer does not know"};
    if (jwt::verify({reinterpret_cast<const char*>(data), size}, rules)) std::abort();
    return 0;
}
