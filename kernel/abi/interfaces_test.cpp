// Leases: granted when an interface appears, revoked before it goes.
#include "abi/interfaces.hpp"

#include "exec/pool.hpp"

#include <gtest/gtest.h>

namespace streamwall::abi {
namespace {

class InterfacesTest : public testing::Test {
  protected:
    void run() {
        while (pool->run_one()) {
        }
    }
    void watch(bool with_revoked = true) {
        auto watch = std::make_shared<Watch>();
        watch->id = "streamwall.http/1";
        watch->user = "rest-api";
        watch->strand = strand;
        watch->ctx = this;
        watch->available = [](void* ctx, const void* table, void*, sw_lease* lease) {
            auto& self = *static_cast<InterfacesTest*>(ctx);
            self.seen += '+';
            self.table = table;
            self.lease = lease;
        };
        if (with_revoked) {
            watch->revoked = [](void* ctx, sw_lease*) {
                static_cast<InterfacesTest*>(ctx)->seen += '-';
            };
        }
        interfaces.watch(watch);
    }
    void withdraw() {
        interfaces.withdraw_all("http-server", [this] { seen += '.'; });
    }

    std::shared_ptr<exec::Pool> pool =
        std::make_shared<exec::Pool>(exec::PoolOptions{.workers = 0});
    std::shared_ptr<exec::Strand> strand = exec::Strand::make("rest-api", *pool);
    Interfaces interfaces;
    std::string seen;
    const void* table = nullptr;
    sw_lease* lease = nullptr;
    int some_table = 0;
};

TEST_F(InterfacesTest, AUserGetsWhatIsOfferedBeforeOrAfterItAsks) {
    for (const bool first : {true, false}) {
        seen.clear();
        if (first) watch();
        EXPECT_EQ(interfaces.offer("http-server", "streamwall.http/1", &some_table, nullptr).code,
                  SW_OK);
        if (!first) watch();
        run();
        EXPECT_EQ(seen, "+");
        EXPECT_EQ(table, &some_table);
        withdraw();
        run();
        interfaces.release(lease);
        EXPECT_EQ(seen, "+-.");
        interfaces.end_watches("rest-api");
    }
}

TEST_F(InterfacesTest, AProviderWaitsForItsUsersAndNamesThem) {
    interfaces.offer("http-server", "streamwall.http/1", &some_table, nullptr);
    watch();
    run();
    withdraw();
    run();
    EXPECT_EQ(seen, "+-");
    EXPECT_EQ(interfaces.users_of("http-server"), std::vector<std::string>{"rest-api"});
    interfaces.release(lease);
    EXPECT_EQ(seen, "+-.");
}

TEST_F(InterfacesTest, WithoutARevokedCallbackTheHostReleases) {
    interfaces.offer("http-server", "streamwall.http/1", &some_table, nullptr);
    watch(false);
    run();
    withdraw();
    run();
    EXPECT_EQ(seen, "+.");
}

TEST_F(InterfacesTest, AnInterfaceThatReturnsIsOfferedToItsUsersAgain) {
    watch();
    for (int n = 0; n < 3; ++n) {
        interfaces.offer("http-server", "streamwall.http/1", &some_table, nullptr);
        run();
        withdraw();
        run();
        interfaces.release(lease);
    }
    EXPECT_EQ(seen, "+-.+-.+-.");
}

TEST_F(InterfacesTest, AnInterfaceThatGoesBeforeItWasSeenIsNeverShown) {
    watch();
    interfaces.offer("http-server", "streamwall.http/1", &some_table, nullptr);
    interfaces.end_watches("rest-api");
    withdraw();
    run();
    EXPECT_EQ(seen, ".");
}

TEST_F(InterfacesTest, OneNameHasOneProvider) {
    interfaces.offer("http-server", "streamwall.http/1", &some_table, nullptr);
    const auto failure = interfaces.offer("other", "streamwall.http/1", &some_table, nullptr);
    EXPECT_EQ(failure.code, SW_ALREADY_EXISTS);
    EXPECT_NE(failure.message.find("http-server"), std::string::npos);
}

}  // namespace
}  // namespace streamwall::abi
