#include "bcrypt.hpp"

#include "crypto.hpp"

#include <gtest/gtest.h>

namespace streamwall::accounts::crypto {
namespace {

// Vectors of the OpenBSD and jBCrypt test suites.
constexpr const char* kHash = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

TEST(Bcrypt, TakesTheRightPasswordAndNoOther) {
    EXPECT_TRUE(is_bcrypt_password("a", kHash));
    EXPECT_FALSE(is_bcrypt_password("b", kHash));
    EXPECT_FALSE(is_bcrypt_password("", kHash));
    EXPECT_FALSE(is_bcrypt_password(std::string_view("a\0", 2), kHash));
    EXPECT_TRUE(is_password("a", kHash)) << "as log-ins ask";
    EXPECT_TRUE(needs_new_hash(kHash, {})) << "the next log-in makes one of the usual kind";
}

TEST(Bcrypt, KnowsAHashThatItCanCheckInABearableTime) {
    EXPECT_TRUE(is_bcrypt(kHash));
    for (const std::string_view wrong :
         {"", "secret", "$2a$", "$1$abc$def",
          "$2a$31$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
          "$2a$03$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
          "$2a$0x$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
          "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVf:e",
          "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe "}) {
        EXPECT_FALSE(is_bcrypt(wrong)) << wrong;
        EXPECT_FALSE(is_bcrypt_password("a", std::string(wrong))) << wrong;
    }
}

}  // namespace
}  // namespace streamwall::accounts::crypto
