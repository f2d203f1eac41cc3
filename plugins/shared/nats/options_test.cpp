// What settings may say, and what is said about those that may not.
#include "nats/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

namespace streamwall::nats {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AServerUrl, IsReadInAllItsForms) {
    struct Case {
        std::string url, text, user, password, token;
    };
    const Case cases[] = {
        {"nats://localhost", "nats://localhost:4222", "", "", ""},
        {"nats://10.0.0.1:14222/", "nats://10.0.0.1:14222", "", "", ""},
        {"tls://nats.example.org:443", "tls://nats.example.org:443", "", "", ""},
        {"nats://[::1]:4222", "nats://[::1]:4222", "", "", ""},
        {"nats://ada:p%40ss:w@host", "nats://host:4222", "ada", "p@ss:w", ""},
        {"nats://t0ken@host:1", "nats://host:1", "", "", "t0ken"},
    };
    for (const auto& each : cases) {
        const auto servers = parse_servers({each.url});
        ASSERT_TRUE(servers) << each.url << ": " << servers.error().message;
        EXPECT_EQ(servers->front().text(), each.text);
        EXPECT_EQ(servers->front().user, each.user);
        EXPECT_EQ(servers->front().password, each.password);
        EXPECT_EQ(servers->front().token, each.token);
    }
}

TEST(AServerUrl, MayBeOneOfAList) {
    const auto servers = parse_servers({"nats://a, nats://b:1", "tls://c"});
    ASSERT_TRUE(servers);
    ASSERT_EQ(servers->size(), 3u);
    EXPECT_EQ((*servers)[1].text(), "nats://b:1");
}

TEST(AServerUrl, ThatIsNoneIsNamedByItsFieldWithoutItsPassword) {
    for (const auto* url :
         {"", "localhost:4222", "http://host", "nats://", "nats://:4222", "nats://host:0",
          "nats://host:65536", "nats://host:4222x", "nats://[::1", "nats://ho st", "nats://@host",
          "nats://a:s3cret%zz@host", "nats://a:s3cret@", "nats://a,,nats://b"}) {
        const auto servers = parse_servers({url});
        ASSERT_FALSE(servers) << url;
        EXPECT_EQ(servers.error().code, SW_INVALID_ARGUMENT);
        EXPECT_EQ(servers.error().where, "url") << url;
        EXPECT_THAT(servers.error().message, Not(HasSubstr("s3cret")));
    }
}

TEST(Options, NameTheFieldThatIsWrong) {
    const auto absent = (std::filesystem::temp_directory_path() / "absent.pem").string();
    struct Case {
        std::string field;
        std::function<void(Options&)> change;
    };
    const Case cases[] = {
        {"user", [](Options& o) { o.user = "a", o.token = "b"; }},
        {"password", [](Options& o) { o.password = "a"; }},
        {"nkey", [](Options& o) { o.nkey_seed_file = "/dev/null"; }},
        {"nkey_seed_file", [](Options& o) { o.nkey = "UABC"; }},
        {"nkey", [](Options& o) { o.nkey = "SABC", o.nkey_seed_file = "/dev/null"; }},
        {"credentials_file", [&](Options& o) { o.credentials_file = absent; }},
        {"tls_ca_file", [&](Options& o) { o.tls_ca_file = absent; }},
        {"tls_ca_file", [](Options& o) { o.tls_ca_file = "/dev/null"; }},
        {"tls_key_file", [](Options& o) { o.tls_certificate_file = "/etc/hostname"; }},
        {"tls_certificate_file", [](Options& o) { o.tls_key_file = "/etc/hostname"; }},
        {"connect_timeout", [](Options& o) { o.connect_timeout = {}; }},
        {"ping_interval", [](Options& o) { o.ping_interval = {}; }},
        {"ping_timeout", [](Options& o) { o.ping_timeout = std::chrono::hours(2); }},
        {"backoff_first", [](Options& o) { o.backoff_first = {}; }},
        {"backoff_cap", [](Options& o) { o.backoff_cap = {}; }},
    };
    for (const auto& each : cases) {
        Options options;
        each.change(options);
        const auto checked = check(options);
        ASSERT_FALSE(checked) << each.field;
        EXPECT_EQ(checked.error().code, SW_INVALID_ARGUMENT);
        EXPECT_EQ(checked.error().where, each.field) << checked.error().message;
    }
    EXPECT_TRUE(check(Options{}));
}

}  // namespace
}  // namespace streamwall::nats
