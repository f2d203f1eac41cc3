// The plugin in a real host, over the SQLite store; passwords are cheap.
#pragma once

#include "crypto.hpp"

#include <streamwall/testing/host.hpp>

#include <boost/json.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace streamwall::testing {

namespace bj = boost::json;

inline constexpr int kInvalid = 3;
inline constexpr int kNotFound = 5;
inline constexpr int kTaken = 6;
inline constexpr int kDenied = 7;
inline constexpr int kExhausted = 8;
inline constexpr int kPrecondition = 9;
inline constexpr int kUnavailable = 14;
inline constexpr int kUnauthenticated = 16;
inline constexpr std::string_view kSecret = "an old secret of at least 32 bytes";

class AccountsInHost : public ::testing::Test {
  protected:
    explicit AccountsInHost(bj::object settings = {}, Host::Fake limits = {}) {
        // Cheap passwords: what they cost is not the matter here.
        settings["password_passes"] = 1;
        settings["password_memory_kib"] = 8;
        host = std::make_unique<Host>(Options{.plugins = {STORAGE_SO, ACCOUNTS_SO},
                                              .settings = {{"accounts", bj::serialize(settings)}},
                                              .required = {"storage-sqlite", "accounts"},
                                              .time = Time::real});
        if (limits) host->fake("limits", "check", std::move(limits));
        const auto started = host->start();
        EXPECT_TRUE(started) << started.message;
    }
    ~AccountsInHost() override {
        host->stop();
        EXPECT_TRUE(host->complaints().empty()) << host->complaints().front();
    }

    Answer call(const char* service, const char* method, const bj::value& body,
                const Principal& principal = {}) {
        return host->call(service, method, bj::serialize(body), principal);
    }
    Answer users(const char* method, const bj::object& body, const Principal& principal = {}) {
        return call("accounts.users", method, body, principal);
    }
    Answer keys(const char* method, const bj::object& body, const Principal& principal = {}) {
        return call("accounts.keys", method, body, principal);
    }
    Answer verify(std::string_view token) {
        return call("accounts.tokens", "verify", {{"token", token}}, {.type = "service"});
    }
    static bj::object parsed(const Answer& answer) {
        EXPECT_TRUE(answer) << answer.message;
        return answer ? bj::parse(answer.body).as_object() : bj::object{};
    }
    static std::string text(const bj::object& from, std::string_view name) {
        return std::string(from.at(name).as_string());
    }
    bj::object signed_up(std::string_view email = "ada@example.org") {
        return parsed(users("sign_up", {{"body", {{"email", email}, {"password", "Valid123"}}}}));
    }
    Answer log_in(std::string_view email, std::string_view password,
                  std::string_view address = "10.0.0.1") {
        return users("log_in",
                     {{"body", {{"email", email}, {"password", password}}}, {"address", address}});
    }
    bj::object made_admin(std::string_view email = "admin@example.org") {
        return parsed(users(
            "create", {{"body", {{"email", email}, {"password", "Valid123"}, {"role", "admin"}}}}));
    }

    std::unique_ptr<Host> host;
};

}  // namespace streamwall::testing
