#include "input.hpp"
#include "crypto.hpp"
#include "key_ring.hpp"
#include "login_tries.hpp"

#include <streamwall/testing/temporary_folder.hpp>

#include <heap_buffers.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace streamwall::accounts {
namespace {

using namespace std::chrono_literals;

TEST(Emails, AreKeptInOneSpelling) {
    EXPECT_EQ(normal_email("  Ada.Lovelace+x@Example.ORG "), "ada.lovelace+x@example.org");
    EXPECT_EQ(normal_email("admin@localhost"), "admin@localhost");
    for (const std::string& text :
         {std::string(), std::string("@"), std::string("a@"), std::string("@b"),
          std::string("a b@c"), std::string("a@b@c"), std::string("a@b..c"), std::string(".a@b"),
          std::string("a@-b"), std::string("a@b\n"), std::string("a\x01@b"),
          std::string("\xc3\xa4@b.de"), std::string("<a@b.de>"), std::string(65, 'a') + "@b.de",
          "a@" + std::string(64, 'b'), "a@" + std::string(253, 'b')}) {
        const auto email = normal_email(text);
        EXPECT_EQ(email, text == "a@b\n" ? std::optional<std::string>("a@b") : std::nullopt)
            << text;
    }
}

TEST(Passwords, NeedLengthAndVariety) {
    for (const auto* good : {"Valid123", "Pa55 word with spaces", "\xc3\xa4nderung1A"}) {
        EXPECT_TRUE(is_good_password(good)) << good;
    }
    EXPECT_TRUE(is_good_password("aA1" + std::string(125, 'x')));
    for (const auto* bad : {"", "simple", "simple123", "SIMPLE123", "Simplest", "Aa1aaaa"}) {
        EXPECT_FALSE(is_good_password(bad)) << bad;
    }
    EXPECT_FALSE(is_good_password("aA1" + std::string(126, 'x')));
}

TEST(Passwords, AreKeptAsArgon2idWithASaltOfTheirOwn) {
    const crypto::PasswordCost cheap{.passes = 1, .memory = 8 << 10};
    const auto hash = crypto::hash_password("Valid123", cheap);
    EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$")) << hash;
    EXPECT_NE(hash, crypto::hash_password("Valid123", cheap));
    EXPECT_TRUE(crypto::is_password("Valid123", hash));
    EXPECT_FALSE(crypto::is_password("Valid124", hash));
    EXPECT_FALSE(crypto::is_password("", hash));
    EXPECT_FALSE(crypto::is_password("Valid123", "no hash"));
    EXPECT_FALSE(crypto::needs_new_hash(hash, cheap));
    EXPECT_TRUE(crypto::needs_new_hash(hash, {.passes = 2, .memory = 8 << 10}));
}

TEST(Base64Url, TakesOneSpellingOnly) {
    EXPECT_EQ(crypto::to_base64url("\xff\xfe\xfd"), "__79");
    EXPECT_EQ(crypto::from_base64url("__79"), "\xff\xfe\xfd");
    EXPECT_EQ(crypto::from_base64url(""), "");
    for (const auto* text : {"__79=", "//79", "_", "YQ==", "YR", "Y Q", "YQ\n"}) {
        EXPECT_EQ(crypto::from_base64url(text), std::nullopt) << text;
    }
}

TEST(LoginTries, AreLimitedForEachKeyAndCountOnlyWhereTheyWereLetIn) {
    LoginLimits limits({.tries = 3, .window = 60s});
    for (int n = 0; n < 3; ++n)
        EXPECT_EQ(limits.take({"ip/1", "mail/a"}, 1s * n).count(), 0);
    EXPECT_EQ(limits.take({"ip/2", "mail/a"}, 10s), 50s);
    EXPECT_EQ(limits.take({"ip/1", "mail/b"}, 10s), 50s);
    for (int n = 0; n < 100; ++n)
        EXPECT_GT(limits.take({"ip/1", "mail/a"}, 20s).count(), 0);
    EXPECT_EQ(limits.take({"ip/2", "mail/b"}, 20s).count(), 0) << "refused tries did not count";
    EXPECT_EQ(limits.take({"ip/1", "mail/a"}, 60s).count(), 0) << "the first try is a minute old";
    EXPECT_GT(limits.take({"ip/1", "mail/a"}, 60s).count(), 0);
}

TEST(LoginTries, CountForTheNetworkOfAnAddress) {
    EXPECT_EQ(network_of("10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(network_of("2001:db8:0:7:1:2:3:4"), "2001:db8:0:7::");
    EXPECT_EQ(network_of("2001:db8:0:7::9"), network_of("2001:db8:0:7:ffff::"));
    EXPECT_NE(network_of("2001:db8:0:8::9"), network_of("2001:db8:0:7::9"));
    EXPECT_EQ(network_of("nonsense"), "nonsense");
}

TEST(LoginTries, RememberSoManyKeysAndNoMore) {
    LoginLimits limits({.tries = 1, .window = 60s, .max_keys = 4});
    for (int n = 0; n < 100; ++n)
        EXPECT_EQ(limits.take({"ip/" + std::to_string(n)}, 1s).count(), 0);
    EXPECT_EQ(limits.size(), 4U);
    EXPECT_GT(limits.take({"ip/99"}, 1s).count(), 0);
}

class RingFile : public ::testing::Test {
  protected:
    const streamwall::testing::TemporaryFolder folder{"ring"};
    const std::filesystem::path path = folder / "signing-keys";
};

TEST_F(RingFile, IsMadeOnceForItsOwnerAlone) {
    const auto ring = load_or_make_ring(path, Seconds(5));
    ASSERT_TRUE(ring) << ring.error();
    struct stat info{};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
    EXPECT_EQ(load_or_make_ring(path, Seconds(6))->current().id, ring->current().id);
    auto next = *ring;
    next.rotate(Seconds(100), Seconds(10), Seconds(10));
    ASSERT_TRUE(save_ring(path, next));
    EXPECT_EQ(load_or_make_ring(path, Seconds(7))->current().id, next.current().id);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
        << "no drafts";
}

TEST_F(RingFile, IsRefusedWhereOthersCanReadItOrItHoldsNoKeys) {
    ASSERT_TRUE(load_or_make_ring(path, Seconds(5)));
    std::filesystem::permissions(path, std::filesystem::perms(0640));
    EXPECT_NE(load_or_make_ring(path, Seconds(5)).error().find("chmod 600"), std::string::npos);
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    std::ofstream(path) << "rubbish";
    EXPECT_FALSE(load_or_make_ring(path, Seconds(5)));
    std::filesystem::remove(path);
    std::filesystem::create_symlink(folder / "elsewhere", path);
    EXPECT_FALSE(load_or_make_ring(path, Seconds(5)));
}

}  // namespace
}  // namespace streamwall::accounts
