// The plugin in a real host: what it tells about itself, and that it goes without a trace.
#include "nats_server.hpp"

#include <streamwall/testing/host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr auto kName = "transport-nats";

Options options(const std::string& settings) {
    return {.plugins = {PLUGIN_SO},
            .settings = {{kName, settings}},
            .required = {kName},
            .time = Time::real};
}

std::string with_url(const std::string& url) {
    return R"({"url":")" + url + R"(","backoff_cap":"100ms"})";
}

TEST(ThePlugin, RunsWhileItsServerIsAwayAndSaysSo) {
    NatsServer server({}, NatsServer::Begin::later);
    Host host(options(with_url(server.url())));
    const auto started = host.start();
    ASSERT_TRUE(started) << started.message;
    EXPECT_EQ(host.state(kName).state, "running");
    EXPECT_THAT(host.document("interfaces"), HasSubstr("streamwall.transport/1"));
    ASSERT_TRUE(host.eventually([&] {
        return host.state(kName).health == "degraded" &&
               host.state(kName).health_reason.find(server.url()) != std::string::npos;
    })) << host.state(kName).health_reason;
    server.start();
    ASSERT_TRUE(host.eventually([&] { return host.state(kName).health == "ok"; }));
    server.kill();
    ASSERT_TRUE(host.eventually([&] { return host.state(kName).health == "degraded"; }, 2s));
    EXPECT_TRUE(host.stop());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(ThePlugin, NamesTheSettingThatIsWrong) {
    struct Case {
        std::string settings, where;
    };
    const Case cases[] = {
        {R"({"url":"http://host"})", "url"},
        {R"({"url":[]})", "url"},
        {R"({"user":"a","token":"s3cret"})", "user"},
        {R"({"tls_ca_file":"/absent/ca.pem"})", "tls_ca_file"},
        {R"({"tls_ca_file":"/etc/hostname"})", "tls_ca_file"},
        {R"({"tls_certificate_file":"/etc/hostname","tls_key_file":"/etc/hostname"})",
         "tls_certificate_file"},
        {R"({"connect_timeout":"0s"})", "connect_timeout"},
        {R"({"max_pending":1})", "max_pending"},
    };
    for (const auto& each : cases) {
        Host host(options(each.settings));
        const auto started = host.start();
        ASSERT_FALSE(started) << each.settings;
        EXPECT_THAT(started.message + started.where, HasSubstr(each.where)) << each.settings;
        EXPECT_THAT(started.message, Not(HasSubstr("s3cret")));
    }
}

TEST(ThePlugin, LeavesNoThreadAndNoDescriptorBehind) {
    NatsServer server;
    Host host(options(with_url(server.url())));
    ASSERT_TRUE(host.start());
    ASSERT_TRUE(host.disable(kName));
    const auto before = Host::resources();
    for (int n = 0; n < 20; ++n) {
        ASSERT_TRUE(host.enable(kName));
        ASSERT_TRUE(host.eventually([&] { return host.state(kName).health == "ok"; }));
        ASSERT_TRUE(host.disable(kName));
    }
    EXPECT_TRUE(host.eventually([&] {
        const auto now = Host::resources();
        return now.threads <= before.threads && now.descriptors <= before.descriptors &&
               now.buffers <= before.buffers;
    }));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

}  // namespace
}  // namespace streamwall::testing
