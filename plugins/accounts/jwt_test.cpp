#include "jwt.hpp"

#include <heap_buffers.hpp>

#include <boost/json.hpp>

#include <gtest/gtest.h>

#include <tuple>

namespace streamwall::accounts::jwt {
namespace {

namespace bj = boost::json;

constexpr std::string_view kSecret = "an old secret of at least 32 bytes";
constexpr std::string_view kServiceSecret = "what services sign with, 32 bytes";
constexpr Seconds kNow{1'700'000'000};
constexpr Seconds kDay{86'400};

class Tokens : public ::testing::Test {
  protected:
    Issue issue() const {
        return {"streamwall",
                {.user_id = 5, .id = "token-1", .issued_at = kNow, .expires_at = kNow + kDay}};
    }
    Rules rules(Seconds now = kNow + Seconds(1)) const {
        return {.ring = ring,
                .shared_secret = kSecret,
                .issuer = "streamwall",
                .now = now,
                .service_secret = kServiceSecret};
    }
    std::expected<Claims, Flaw> check(std::string_view token) const {
        return verify(token, rules());
    }
    Flaw flaw_of(std::string_view token) const {
        const auto claims = check(token);
        EXPECT_FALSE(claims) << token;
        return claims ? Flaw::kNoUser : claims.error();
    }
    static std::string part(const bj::value& value) {
        return crypto::to_base64url(bj::serialize(value));
    }
    bj::object header() const {
        return {{"alg", "EdDSA"}, {"typ", "JWT"}, {"kid", ring.current().id}};
    }
    static bj::object payload() {
        return {{"iss", "streamwall"},
                {"sub", "5"},
                {"jti", "token-1"},
                {"iat", kNow.count()},
                {"exp", (kNow + kDay).count()}};
    }
    std::string signed_with(const SigningKey& key, const bj::value& head,
                            const bj::value& body) const {
        const auto text = part(head) + "." + part(body);
        return text + "." + crypto::to_base64url(crypto::sign(key.pair, text));
    }
    std::string own(const bj::value& body) const {
        return signed_with(ring.current(), header(), body);
    }
    static std::string shared(const bj::value& head, const bj::value& body,
                              std::string_view secret) {
        const auto text = part(head) + "." + part(body);
        const auto tag = crypto::hmac_sha256(secret, text);
        return text + "." +
               crypto::to_base64url({reinterpret_cast<const char*>(tag.data()), tag.size()});
    }

    static bj::object service_payload() {
        return {{"type", "service"},
                {"service", "rooms"},
                {"iat", kNow.count()},
                {"exp", (kNow + Seconds(300)).count()}};
    }
    static std::string of_service(const bj::value& body, std::string_view secret = kServiceSecret) {
        return shared({{"alg", "HS256"}, {"typ", "JWT"}}, body, secret);
    }

    KeyRing ring = KeyRing::make(kNow);
};

TEST_F(Tokens, AreTakenAsTheyWereIssued) {
    for (const auto& token :
         {sign(issue(), ring.current()), sign_shared(issue(), kSecret), own(payload())}) {
        const auto claims = check(token);
        ASSERT_TRUE(claims) << token;
        EXPECT_EQ(claims->user_id, 5);
        EXPECT_EQ(claims->id, "token-1");
        EXPECT_EQ(claims->expires_at, kNow + kDay);
    }
}

TEST_F(Tokens, EndAtTheSecondTheySay) {
    const auto token = sign(issue(), ring.current());
    EXPECT_TRUE(verify(token, rules(kNow + kDay - Seconds(1))));
    EXPECT_EQ(verify(token, rules(kNow + kDay)).error(), Flaw::kExpired);
}

TEST_F(Tokens, WithoutASignatureAreRefusedHoweverTheySpellIt) {
    for (const std::string_view algorithm :
         {"none", "None", "NONE", "nOnE", "", "RS256", "ES256", "HS384", "eddsa", "hs256"}) {
        const auto head = part({{"alg", algorithm}, {"typ", "JWT"}}) + "." + part(payload());
        EXPECT_EQ(flaw_of(head + "."), Flaw::kAlgorithm) << algorithm;
        EXPECT_EQ(flaw_of(head + ".c2ln"), Flaw::kAlgorithm) << algorithm;
    }
    EXPECT_EQ(flaw_of(part(header()) + "." + part(payload()) + "."), Flaw::kSignature);
    EXPECT_EQ(flaw_of(part({{"typ", "JWT"}}) + "." + part(payload()) + "."), Flaw::kAlgorithm);
    EXPECT_EQ(flaw_of(part({{"alg", 5}}) + "." + part(payload()) + "."), Flaw::kAlgorithm);
}

TEST_F(Tokens, CannotUseAPublicKeyAsASharedSecret) {
    const bj::object head{{"alg", "HS256"}, {"typ", "JWT"}, {"kid", ring.current().id}};
    for (const auto& secret :
         {ring.current().pair.public_key, crypto::to_base64url(ring.current().pair.public_key),
          ring.public_set(), std::string()}) {
        EXPECT_EQ(flaw_of(shared(head, payload(), secret)), Flaw::kSignature);
    }
}

TEST_F(Tokens, OfTheSharedSecretAreRefusedWhereThereIsNone) {
    const auto token = sign_shared(issue(), kSecret);
    auto strict = rules();
    strict.shared_secret = {};
    EXPECT_EQ(verify(token, strict).error(), Flaw::kAlgorithm);
    EXPECT_EQ(verify(sign_shared(issue(), ""), strict).error(), Flaw::kAlgorithm);
}

TEST_F(Tokens, OfOthersAreRefused) {
    const auto foreign = KeyRing::make(kNow);
    EXPECT_EQ(flaw_of(sign(issue(), foreign.current())), Flaw::kUnknownKey);
    EXPECT_EQ(flaw_of(signed_with(foreign.current(), header(), payload())), Flaw::kSignature);
    EXPECT_EQ(flaw_of(sign_shared(issue(), "another secret of at least 32 b.")), Flaw::kSignature);
    auto other = payload();
    other["iss"] = "elsewhere";
    EXPECT_EQ(flaw_of(own(other)), Flaw::kOtherIssuer);
    other = payload();
    for (const bj::value& audience : {bj::value("elsewhere"), bj::value(5), bj::value(bj::array{}),
                                      bj::value(bj::array{"elsewhere"})}) {
        other["aud"] = audience;
        EXPECT_EQ(flaw_of(own(other)), Flaw::kOtherAudience);
    }
    for (const bj::value& audience :
         {bj::value(nullptr), bj::value("streamwall"), bj::value(bj::array{"x", "streamwall"})}) {
        other["aud"] = audience;
        EXPECT_TRUE(check(own(other)));
    }
}

TEST_F(Tokens, AreRefusedWithoutAnEndOrBeforeTheirTime) {
    auto claims = payload();
    claims.erase("exp");
    EXPECT_EQ(flaw_of(own(claims)), Flaw::kNoExpiry);
    EXPECT_EQ(flaw_of(shared({{"alg", "HS256"}}, claims, kSecret)), Flaw::kNoExpiry);
    for (const bj::value& end :
         {bj::value("9999999999"), bj::value(nullptr), bj::value(true), bj::value(1e300)}) {
        claims["exp"] = end;
        EXPECT_EQ(flaw_of(own(claims)), Flaw::kNoExpiry) << end;
    }
    claims["exp"] = -1;
    EXPECT_EQ(flaw_of(own(claims)), Flaw::kExpired);
    for (const std::string_view name : {"nbf", "iat"}) {
        claims = payload();
        claims[name] = (kNow + Seconds(60)).count();
        EXPECT_EQ(flaw_of(own(claims)), Flaw::kNotYetValid) << name;
        claims[name] = std::numeric_limits<std::int64_t>::max();
        EXPECT_EQ(flaw_of(own(claims)), Flaw::kNotYetValid) << name;
        claims[name] = "soon";
        EXPECT_EQ(flaw_of(own(claims)), Flaw::kMalformed) << name;
    }
}

TEST_F(Tokens, AreRefusedWhereOneCharacterDiffers) {
    const auto token = sign(issue(), ring.current());
    for (std::size_t at = 0; at < token.size(); ++at) {
        auto other = token;
        other[at] = other[at] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(check(other)) << at;
    }
}

TEST_F(Tokens, ThatAreNoneAreRefused) {
    const auto token = sign(issue(), ring.current());
    const std::string huge(9'000, 'A');
    for (const std::string& text :
         {std::string(), std::string("."), std::string(".."), std::string("..."),
          std::string("a.b.c"), token + ".", token + "=", token + " ", "." + token,
          token.substr(0, token.rfind('.')), huge + "." + huge + "." + huge,
          part(bj::array{}) + "." + part(payload()) + ".",
          part(header()) + "." + part("text") + "."}) {
        EXPECT_EQ(flaw_of(text), Flaw::kMalformed) << text.substr(0, 80);
    }
}

TEST_F(Tokens, WithAKeyTwiceOrAnUnknownExtensionAreRefused) {
    const std::string twice = R"({"sub":"5","sub":"6","exp":9999999999})";
    const auto text = part(header()) + "." + crypto::to_base64url(twice);
    EXPECT_EQ(flaw_of(text + "." + crypto::to_base64url(crypto::sign(ring.current().pair, text))),
              Flaw::kMalformed);
    auto head = header();
    head["crit"] = bj::array{"b64"};
    EXPECT_EQ(flaw_of(signed_with(ring.current(), head, payload())), Flaw::kAlgorithm);
}

TEST_F(Tokens, NameAUserInTheSpellingsOfOldClients) {
    auto claims = payload();
    claims["sub"] = 7;
    EXPECT_EQ(check(own(claims))->user_id, 7);
    claims.erase("sub");
    claims["user_id"] = 8;
    EXPECT_EQ(check(own(claims))->user_id, 8);
    claims.erase("user_id");
    EXPECT_EQ(flaw_of(own(claims)), Flaw::kNoUser);
    for (const bj::value& nobody : {bj::value("0"), bj::value("-1"), bj::value("5x"), bj::value(""),
                                    bj::value(5.5), bj::value(bj::array{5})}) {
        claims["sub"] = nobody;
        EXPECT_EQ(flaw_of(own(claims)), Flaw::kNoUser) << nobody;
    }
}

TEST_F(Tokens, OfServicesAreTakenWhereTheirOwnSecretSignedThem) {
    const auto claims = check(of_service(service_payload()));
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->service, "rooms");
    EXPECT_EQ(claims->user_id, 0);
    EXPECT_EQ(claims->expires_at, kNow + Seconds(300));
}

TEST_F(Tokens, OfServicesAreRefusedWhateverElseSignedThem) {
    const auto body = service_payload();
    for (const auto secret : {kSecret, std::string_view(), std::string_view("x")})
        EXPECT_EQ(flaw_of(of_service(body, secret)), Flaw::kSignature) << secret;
    EXPECT_EQ(flaw_of(own(body)), Flaw::kAlgorithm) << "our key signs for users alone";
    for (const std::string_view algorithm : {"none", "HS384", "HS512", "RS256", ""}) {
        EXPECT_EQ(flaw_of(shared({{"alg", algorithm}}, body, kServiceSecret)), Flaw::kAlgorithm);
        EXPECT_EQ(flaw_of(part({{"alg", algorithm}}) + "." + part(body) + "."), Flaw::kAlgorithm);
    }
    auto closed = rules();
    closed.service_secret = {};
    EXPECT_EQ(verify(of_service(body), closed).error(), Flaw::kAlgorithm);
    EXPECT_EQ(verify(of_service(body, ""), closed).error(), Flaw::kAlgorithm);
}

TEST_F(Tokens, OfServicesSayThatTheyAreAndWhichAndUntilWhen) {
    const std::tuple<const char*, bj::value, Flaw> cases[] = {
        {"type", nullptr, Flaw::kSignature},
        {"type", "user", Flaw::kSignature},
        {"type", "Service", Flaw::kSignature},
        {"type", bj::array{"service"}, Flaw::kSignature},
        {"service", nullptr, Flaw::kNoService},
        {"service", "", Flaw::kNoService},
        {"service", 5, Flaw::kNoService},
        {"exp", nullptr, Flaw::kNoExpiry},
        {"exp", kNow.count(), Flaw::kExpired},
        {"nbf", (kNow + Seconds(60)).count(), Flaw::kNotYetValid},
        {"iss", "elsewhere", Flaw::kOtherIssuer},
        {"aud", "elsewhere", Flaw::kOtherAudience},
    };
    for (const auto& [name, value, flaw] : cases) {
        auto body = service_payload();
        body[name] = value;
        EXPECT_EQ(flaw_of(of_service(body)), flaw) << name << " " << value;
    }
    auto body = service_payload();
    body.erase("exp");
    EXPECT_EQ(flaw_of(of_service(body)), Flaw::kNoExpiry);
}

TEST_F(Tokens, OfUsersAreNotTakenFromServices) {
    EXPECT_EQ(flaw_of(shared({{"alg", "HS256"}}, payload(), kServiceSecret)), Flaw::kSignature);
    auto closed = rules();
    closed.shared_secret = {};
    EXPECT_EQ(verify(shared({{"alg", "HS256"}}, payload(), kServiceSecret), closed).error(),
              Flaw::kAlgorithm);
}

TEST_F(Tokens, AreKnownByTheirHashWhereTheyHaveNoIdOfTheirOwn) {
    auto claims = payload();
    claims.erase("jti");
    const auto token = own(claims);
    EXPECT_EQ(check(token)->id, crypto::sha256_hex(token));
}

TEST(KeyRings, SignWithTheNewestKeyAndVerifyWithTheOneBeforeWhileTokensLive) {
    auto ring = KeyRing::make(kNow);
    const auto first = ring.current().id;
    EXPECT_FALSE(ring.rotate(kNow + kDay, 30 * kDay, kDay));
    EXPECT_TRUE(ring.rotate(kNow + 30 * kDay, 30 * kDay, kDay));
    EXPECT_NE(ring.current().id, first);
    EXPECT_NE(ring.find(first), nullptr);
    EXPECT_FALSE(ring.rotate(kNow + 31 * kDay, 30 * kDay, kDay));
    EXPECT_TRUE(ring.rotate(kNow + 31 * kDay + Seconds(1), 30 * kDay, kDay));
    EXPECT_EQ(ring.find(first), nullptr);
    EXPECT_EQ(ring.size(), 1U);
}

TEST(KeyRings, PublishWhatOthersNeedAndNothingElse) {
    const auto ring = KeyRing::make(kNow);
    const auto set = bj::parse(ring.public_set()).as_object();
    const auto& key = set.at("keys").as_array().at(0).as_object();
    EXPECT_EQ(std::string_view(key.at("kid").as_string()), ring.current().id);
    EXPECT_EQ(crypto::from_base64url(key.at("x").as_string()), ring.current().pair.public_key);
    EXPECT_FALSE(key.contains("d"));
    EXPECT_EQ(ring.public_set().find(crypto::to_base64url(ring.current().pair.seed)),
              std::string::npos);
}

TEST(KeyRings, AreTheSameAfterBeingKept) {
    auto ring = KeyRing::make(kNow);
    ring.rotate(kNow + kDay, kDay, kDay);
    const auto again = KeyRing::parse(ring.render());
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(again->current().id, ring.current().id);
    EXPECT_EQ(again->public_set(), ring.public_set());
    for (
        const std::string_view text :
        {"", "[]", "{}", R"({"keys":[]})", R"({"keys":[5]})",
         R"({"keys":[{"created_at":1,"seed":"c2hvcnQ"}]})",
         R"({"keys":[{"created_at":"1","seed":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]})"}) {
        EXPECT_FALSE(KeyRing::parse(text)) << text;
    }
}

}  // namespace
}  // namespace streamwall::accounts::jwt
