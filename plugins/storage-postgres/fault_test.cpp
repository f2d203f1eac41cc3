// Servers that die, hang, and drop connections: nobody is told anything that isn't so.
#include <gmock/gmock.h>

#include "ledger.hpp"

namespace streamwall::postgres {
namespace {

using storage::Code;

constexpr std::chrono::seconds kSoon{30};

// A server of its own, which the test may mistreat.
class FaultTest : public ::testing::Test {
  protected:
    void SetUp() override {
        SKIP_WITHOUT_POSTGRES();
        server_ = std::make_unique<PostgresServer>();
        open();
    }
    void TearDown() override {
        if (server_ == nullptr) return;
        if (!server_->running()) server_->start();
        server_->resume();
        ledger_.stop();
        store_.reset();
    }
    void open() {
        auto options = options_for(*server_, schema_);
        options.connection.statement_timeout = std::chrono::milliseconds(1500);
        auto store = Store::open(options, witness_.hooks());
        ASSERT_TRUE(store) << store.error().message;
        store_ = std::move(*store);
        ASSERT_TRUE(call(*store_, Method::kDeclare, Ledger::kDeclare));
    }
    void expect_service_again() {
        ASSERT_TRUE(witness_.wait_for_health(Health::kOk, kSoon));
        EXPECT_TRUE(ledger_.insert(*store_, "afterwards"));
        EXPECT_TRUE(call(*store_, Method::kQuery, R"({"collection":"shows","limit":1})"));
        const auto last =
            std::stoll(ask_server(*server_, "SELECT last FROM " + schema_ + ".journal"));
        EXPECT_TRUE(witness_.wait_until_seen(last, kSoon));
        const auto seen = witness_.sequences();
        for (std::size_t i = 0; i < seen.size(); ++i)
            ASSERT_EQ(seen[i], static_cast<std::int64_t>(i) + 1) << "announced with a gap";
    }

    const std::string schema_ = "faults";
    std::unique_ptr<PostgresServer> server_;
    Witness witness_;
    std::unique_ptr<Store> store_;
    Ledger ledger_;
};

TEST_F(FaultTest, AKilledServerLosesNothingAndIsReachedAgain) {
    for (int round = 1; round <= 3; ++round) {
        ledger_.start_writers(*store_, 8, "round" + std::to_string(round) + "-");
        ASSERT_TRUE(ledger_.wait_for(Ledger::Told::kMade, static_cast<std::size_t>(round) * 200));
        server_->kill_hard();
        EXPECT_TRUE(witness_.wait_for_health(Health::kDegraded, std::chrono::seconds(2)));
        const auto refused = call(*store_, Method::kGet, R"({"collection":"shows","id":1})");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::kUnavailable);
        EXPECT_NE(refused.error().details.find("retry_after"), std::string::npos);
        server_->start();
        ASSERT_TRUE(witness_.wait_for_health(Health::kOk, kSoon));
        ledger_.stop();
    }
    expect_service_again();
    ledger_.check(*server_, schema_);
}

TEST_F(FaultTest, AServerThatHangsBlocksNobody) {
    ledger_.start_writers(*store_, 8, "hang-");
    ASSERT_TRUE(ledger_.wait_for(Ledger::Told::kMade, 100));
    server_->pause();
    EXPECT_TRUE(witness_.wait_for_health(Health::kDegraded, std::chrono::seconds(2)));
    const auto refused_before = ledger_.count(Ledger::Told::kNotMade);
    EXPECT_TRUE(ledger_.wait_for(Ledger::Told::kNotMade, refused_before + 100))
        << "who comes while it hangs is refused at once";
    const auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(call(*store_, Method::kGet, R"({"collection":"shows","id":1})"));
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
    // Longer than any statement may take, so that commits break off.
    std::this_thread::sleep_until(began + std::chrono::seconds(3));
    server_->resume();
    ASSERT_TRUE(witness_.wait_for_health(Health::kOk, kSoon));
    ledger_.stop();
    EXPECT_LT(ledger_.slowest(), std::chrono::seconds(10));
    expect_service_again();
    ledger_.check(*server_, schema_);
}

TEST_F(FaultTest, ConnectionsThatAreCutAllTheTimeTellNoLies) {
    ledger_.start_writers(*store_, 8, "cut-");
    ASSERT_TRUE(ledger_.wait_for(Ledger::Told::kMade, 50));
    for (int cut = 0; cut < 60; ++cut) {
        ask_server(*server_,
                   "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                   " WHERE application_name = 'streamwall'");
    }
    ASSERT_TRUE(witness_.wait_for_health(Health::kOk, kSoon));
    const auto made = ledger_.count(Ledger::Told::kMade);
    EXPECT_TRUE(ledger_.wait_for(Ledger::Told::kMade, made + 50));
    ledger_.stop();
    expect_service_again();
    ledger_.check(*server_, schema_);
    EXPECT_EQ(ledger_.count(Ledger::Told::kUnknown), 0U)
        << "a server that can be asked knows what was committed";
}

TEST_F(FaultTest, AStoreEndsWhileItsServerHangs) {
    server_->pause();
    const auto began = std::chrono::steady_clock::now();
    store_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

}  // namespace
}  // namespace streamwall::postgres
