// What leases of the SQLite store survive.
#include "sqlite-store/leases.hpp"

#include <sqlite3.h>

#include <boost/json.hpp>

#include "sqlite-store/test_store.hpp"

namespace streamwall::sqlite {
namespace {

class LeasesTest : public ::testing::Test {
  protected:
    void open() {
        store_.reset();
        Options options;
        options.path = folder_.file();
        auto hooks = witness_.hooks();
        hooks.monotonic_ms = [this] { return now_ms_; };
        auto store = Store::open(options, std::move(hooks));
        ASSERT_TRUE(store) << store.error().message;
        store_ = std::move(*store);
    }
    boost::json::value ask(const std::string& owner, const std::string& more) {
        const auto answer = call(*store_, Method::kJournalLease,
                                 R"({"name":"catalog/all","owner":")" + owner + "\"" + more + "}");
        EXPECT_TRUE(answer) << answer.error().message;
        return answer ? boost::json::parse(*answer) : boost::json::value();
    }
    boost::json::value claim(const std::string& owner) { return ask(owner, R"(,"ttl_ms":3000)"); }
    void release(const std::string& owner) { ask(owner, R"(,"release":true)"); }
    static bool is_granted(const boost::json::value& reply) {
        return reply.at("granted").as_bool();
    }
    static std::int64_t token_of(const boost::json::value& reply) {
        return reply.at("token").as_int64();
    }
    void run_sql(const char* sql) {
        sqlite3* file = nullptr;
        ASSERT_EQ(sqlite3_open(folder_.file().c_str(), &file), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(file, sql, nullptr, nullptr, nullptr), SQLITE_OK)
            << sqlite3_errmsg(file);
        sqlite3_close(file);
    }

    DatabaseFolder folder_;
    Witness witness_;
    std::int64_t now_ms_ = 1'000'000;
    std::unique_ptr<Store> store_;
};

TEST_F(LeasesTest, ARestartKeepsALeaseForItsOwnerForOneMoreTerm) {
    open();
    const auto token = token_of(claim("a@one"));
    now_ms_ = 5;  // a clock of another boot
    open();
    EXPECT_FALSE(is_granted(claim("a@two")));
    EXPECT_TRUE(is_granted(ask("a@one", R"(,"ttl_ms":3000,"token":)" + std::to_string(token))));
    open();
    now_ms_ += 2999;
    EXPECT_FALSE(is_granted(claim("a@two")));
    now_ms_ += 1;
    const auto taken = claim("a@two");
    EXPECT_TRUE(is_granted(taken));
    EXPECT_GT(token_of(taken), token);
}

TEST_F(LeasesTest, TokensOfReleasedLeasesGrowOverRestarts) {
    open();
    claim("a@one");
    const auto token = token_of(claim("a@one"));
    release("a@one");
    open();
    const auto taken = claim("a@two");
    EXPECT_TRUE(is_granted(taken)) << "what was given up is free after a restart, too";
    EXPECT_EQ(token_of(taken), token + 1);
}

TEST_F(LeasesTest, RenewalsTouchNoDisk) {
    open();
    const auto token = token_of(claim("a@one"));
    const auto commits = store_->commits();
    for (int n = 0; n < 100; ++n)
        ask("a@one", R"(,"ttl_ms":3000,"token":)" + std::to_string(token));
    EXPECT_EQ(store_->commits(), commits);
}

TEST_F(LeasesTest, AFileOfTheFirstSchemaIsUpgraded) {
    open();
    const auto epoch = store_->epoch();
    store_.reset();
    run_sql("DROP TABLE leases; PRAGMA user_version = 1");
    open();
    EXPECT_EQ(store_->epoch(), epoch);
    EXPECT_TRUE(is_granted(claim("a@one")));
}

}  // namespace
}  // namespace streamwall::sqlite
