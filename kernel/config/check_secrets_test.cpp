#include "config/check_secrets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/test_manifests.hpp"

namespace streamwall::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::Manifests;
using testing_support::sources;

TEST(Secrets, AreWeakWhereAnybodyCouldKnowThem) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", "is empty"},
        {"secret", "is a well-known one"},
        {"Pass-Word_123", "is a well-known one"},
        {"please_change_me_before_production", "is a well-known one"},
        {"<your-api-key>", "is a well-known one"},
        {"x7Gq2", "is shorter than 8 bytes"},
        {"aaaaaaaaaaaaaaaa", "is one letter over and over"},
        {"sw_3f9c2a51d0e84b7f", ""},
        {"the secret of the old clients, 32+ bytes", ""},
        {"postgres://wall:postgres@db/wall", "is a well-known one"},
        {"postgres://wall:@db/wall", "is empty"},
        {"postgres://wall:3f9c2a51d0e8@db/wall?x=changeme", ""},
        {"postgres://wall@/wall?host=/run/postgresql", ""},
        {"redis://127.0.0.1:6379", ""},
        {"nats://a:3f9c2a51d0e8@one:4222,nats://a:secret@two:4222", "is a well-known one"},
    };
    for (const auto& [secret, weakness] : cases)
        EXPECT_EQ(find_weakness(secret), weakness) << secret;
}

Manifests house() {
    Manifests manifests;
    manifests.add("web", R"json({"type":"object","properties":{
        "key":{"type":"string","default":"","x-secret":true},
        "shared":{"type":"string","default":"as-it-was-shipped","x-secret":true},
        "must":{"type":"string","x-secret":true},
        "title":{"type":"string","default":"secret"},
        "urls":{"type":"array","items":{"type":"string"},"x-secret":true,
                "default":["nats://127.0.0.1:4222"]}}})json");
    return manifests;
}

std::vector<std::string> found(const std::string& kernel, const std::string& web,
                               const SubstitutionSources& world = sources()) {
    const auto text =
        "nodes: {a: {plugins: [web]}}\nkernel: {" + kernel + "}\nplugins:\n  web: {" + web + "}\n";
    const auto parsed = parse_topology(text, "f");
    return testing_support::printed(check(parsed, house(), world).diagnostics);
}

constexpr const char* kGood = "shared: 3f9c2a51d0e84b7f";

TEST(Production, RefusesToRelyOnSecretsThatAnybodyCouldKnow) {
    const auto good = std::string(kGood);
    EXPECT_THAT(found("production: true", good), IsEmpty()) << "an empty default protects nothing";
    EXPECT_THAT(found("production: true", good + ", key: \"\", title: secret"), IsEmpty());
    EXPECT_THAT(
        found("production: true", good + ", key: changeme"),
        ElementsAre("f:4:40: plugins.web.key: kernel.production refuses this secret: it is "
                    "a well-known one (SW-CFG-0214); make one with `openssl rand -hex 32`"));
    EXPECT_THAT(
        found("production: true", good + ", must: \"\", urls: [\"nats://a:nats@b\"]"),
        ElementsAre(testing::HasSubstr("plugins.web.must: kernel.production refuses this "
                                       "secret: it is empty"),
                    testing::HasSubstr("plugins.web.urls[0]: kernel.production refuses this "
                                       "secret: it is shorter than 8 bytes")));
    EXPECT_THAT(found("production: true", ""),
                ElementsAre(testing::HasSubstr("plugins.web.shared: kernel.production refuses this "
                                               "secret: it is the one that the plugin ships")));
}

TEST(Production, LooksAtWhatTheEnvironmentAndFilesGive) {
    const auto world = sources({{"KEY", "changeme"}, {"PRODUCTION", "true"}},
                               {{"/run/title", "secret"}, {"/run/key", "password\n"}});
    const auto good = std::string(kGood);
    const auto refused = testing::HasSubstr("plugins.web.key: kernel.production refuses");
    EXPECT_THAT(found("production: \"${PRODUCTION}\"", good + ", key: \"${KEY}\"", world),
                ElementsAre(refused));
    EXPECT_THAT(found("production: true", good + ", key: \"${file:/run/key}\"", world),
                ElementsAre(refused));
    EXPECT_THAT(found("production: true", good + ", title: \"${file:/run/title}\"", world),
                IsEmpty());
}

TEST(Production, IsAskedFor) {
    for (const auto* kernel : {"", "production: false"})
        EXPECT_THAT(found(kernel, "key: changeme"), IsEmpty()) << kernel;
    EXPECT_THAT(found("production: true", "enabled: false, key: changeme"), IsEmpty());
}

}  // namespace
}  // namespace streamwall::config
