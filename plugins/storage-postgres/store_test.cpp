// What the PostgreSQL store promises beyond the conformance kit: several instances on one database,
// its pool, what it refuses to start on.
#include "store.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "ledger.hpp"

namespace streamwall::postgres {
namespace {

using storage::Code;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kSoon{20};

// One process of several that share a database.
struct Instance {
    Witness witness;
    std::unique_ptr<Store> store;
};

class StoreTest : public ::testing::Test {
  protected:
    void SetUp() override {
        SKIP_WITHOUT_POSTGRES();
        server_ = shared_server();
    }
    std::unique_ptr<Instance> open(const std::function<void(Options&)>& adjust = [](Options&) {}) {
        auto instance = std::make_unique<Instance>();
        auto options = options_for(*server_, schema_);
        adjust(options);
        auto store = Store::open(options, instance->witness.hooks());
        if (!store) {
            ADD_FAILURE() << store.error().message;
            return instance;
        }
        instance->store = std::move(*store);
        EXPECT_TRUE(call(*instance->store, Method::kDeclare, Ledger::kDeclare));
        return instance;
    }
    storage::Error refusal(const std::function<void(Options&)>& adjust) const {
        Witness witness;
        auto options = options_for(*server_, schema_);
        adjust(options);
        auto store = Store::open(options, witness.hooks());
        EXPECT_FALSE(store) << "it should have been refused";
        return store ? storage::Error{} : store.error();
    }

    const std::string schema_ = fresh_schema();
    PostgresServer* server_ = nullptr;
};

TEST_F(StoreTest, TwoInstancesGiveNumbersInOrderOfCommitAndBothSeeEveryEvent) {
    const auto one = open();
    const auto two = open();
    Ledger ledger;
    constexpr std::size_t kEvents = 1500;
    ledger.start_writers(*one->store, 8, "one-");
    ledger.start_writers(*two->store, 8, "two-");
    // Whoever reads along sees each number right behind the one before, or not yet.
    std::int64_t next = 1;
    while (next <= static_cast<std::int64_t>(kEvents)) {
        const auto page = call(*two->store, Method::kRead,
                               R"({"limit":1000,"after":)" + std::to_string(next - 1) + "}");
        ASSERT_TRUE(page) << page.error().message;
        const auto parsed = boost::json::parse(*page);
        for (const auto& event : parsed.at("events").as_array())
            ASSERT_EQ(event.at("sequence").as_int64(), next++) << "a gap";
    }
    ledger.stop();
    const auto last = static_cast<std::int64_t>(ledger.count(Ledger::Told::kMade));
    EXPECT_GE(last, static_cast<std::int64_t>(kEvents));
    std::vector<std::int64_t> all(static_cast<std::size_t>(last));
    std::iota(all.begin(), all.end(), 1);
    for (const auto* instance : {one.get(), two.get()}) {
        EXPECT_TRUE(instance->witness.wait_until_seen(last, kSoon));
        EXPECT_EQ(instance->witness.sequences(), all);
    }
    ledger.check(*server_, schema_);
}

TEST_F(StoreTest, AnIdleInstanceHearsOfAnEventOfAnotherSoon) {
    const auto one = open();
    const auto two = open([](Options& options) {
        options.tail.heartbeat = kSoon;  // so that it must be woken
    });
    Ledger ledger;
    for (int i = 1; i <= 20; ++i) {
        ASSERT_TRUE(ledger.insert(*one->store, "x" + std::to_string(i)));
        ASSERT_TRUE(two->witness.wait_until_seen(i, std::chrono::seconds(5)));
    }
}

TEST_F(StoreTest, WhatOneInstanceDeclaresTheOtherKnows) {
    const auto one = open();
    const auto two = open();
    ASSERT_TRUE(call(*one->store, Method::kDeclare, R"({"collections":[{"name":"shows","fields":[
        {"name":"extra","type":"text"}]},{"name":"other","fields":[]}]})"));
    const auto until = std::chrono::steady_clock::now() + kSoon;
    const std::string insert = R"({"changes":[{"op":"insert","collection":"other","record":{}},
        {"op":"insert","collection":"shows","record":{"extra":"e"}}]})";
    auto answer = call(*two->store, Method::kApply, insert);
    while (!answer && std::chrono::steady_clock::now() < until)
        answer = call(*two->store, Method::kApply, insert);
    EXPECT_TRUE(answer) << answer.error().message;
}

TEST_F(StoreTest, AnIndexMayTakeLongerThanAStatement) {
    ask_server(*server_,
               "CREATE FUNCTION public.dawdle() RETURNS event_trigger LANGUAGE plpgsql AS"
               " $$ BEGIN PERFORM pg_sleep(3); END $$");
    ask_server(*server_,
               "CREATE EVENT TRIGGER dawdling ON ddl_command_start WHEN TAG IN ('CREATE INDEX')"
               " EXECUTE FUNCTION public.dawdle()");
    const auto one = open(
        [](Options& options) { options.connection.statement_timeout = std::chrono::seconds(2); });
    ask_server(*server_, "DROP EVENT TRIGGER dawdling");
    EXPECT_EQ(ask_server(*server_, "SELECT count(*) FROM " + schema_ + ".collections"), "1");
}

TEST_F(StoreTest, OppositeOrdersOfTheSameRecordsEndInNoDeadlock) {
    const auto one = open();
    const auto two = open();
    for (int i = 1; i <= 10; ++i) {
        ASSERT_TRUE(call(*one->store, Method::kApply,
                         R"({"changes":[{"op":"insert","collection":"shows","record":{}}]})"));
    }
    std::atomic<int> failed{0};
    std::vector<std::thread> writers;
    for (int w = 0; w < 8; ++w) {
        writers.emplace_back([&, w] {
            Store& store = w % 2 == 0 ? *one->store : *two->store;
            for (int i = 0; i < 60; ++i) {
                // Lists of two, forwards here and backwards there: these do meet.
                const int first = 1 + (i + w) % 10;
                const int second = 1 + (i * 3) % 10;
                const auto update = [](int id) {
                    return R"({"op":"update","collection":"shows","id":)" + std::to_string(id) +
                           R"(,"set":{"n":1}})";
                };
                const auto answer = call(store, Method::kApply,
                                         R"({"changes":[)" + update(w % 2 ? first : second) + "," +
                                             update(w % 2 ? second : first) + "]}");
                if (!answer) {
                    ++failed;
                    ADD_FAILURE() << answer.error().message;
                }
            }
        });
    }
    for (auto& writer : writers)
        writer.join();
    EXPECT_EQ(failed, 0) << "they are run again";
    EXPECT_EQ(ask_server(*server_, "SELECT sum(version) FROM " + schema_ + ".record_shows"),
              std::to_string(10 + 8 * 60 * 2));
}

TEST_F(StoreTest, MoreReadersThanConnectionsTakeTurns) {
    const auto instance = open([](Options& options) {
        options.pool.least = 1;
        options.pool.most = 3;
        options.pool.idle = std::chrono::milliseconds(1);
    });
    std::vector<std::thread> readers;
    for (int r = 0; r < 24; ++r) {
        readers.emplace_back([&] {
            for (int i = 0; i < 20; ++i) {
                const auto answer = call(*instance->store, Method::kQuery,
                                         R"({"collection":"shows","count":true})");
                EXPECT_TRUE(answer) << answer.error().message;
            }
        });
    }
    for (auto& reader : readers)
        reader.join();
}

TEST_F(StoreTest, RefusesToRunWhereAcknowledgedChangesCouldBeLost) {
    const auto error = refusal([](Options& options) {
        options.connection.url += "?options=-c%20synchronous_commit%3Doff";
    });
    EXPECT_EQ(error.code, Code::kFailedPrecondition);
    EXPECT_THAT(error.message, HasSubstr("synchronous_commit"));
}

TEST_F(StoreTest, RefusesTheTablesOfANewerProgram) {
    open();
    ask_server(*server_, "UPDATE " + schema_ + ".meta SET value = '99' WHERE key = 'version'");
    const auto error = refusal([](Options&) {});
    EXPECT_EQ(error.code, Code::kFailedPrecondition);
    EXPECT_THAT(error.message, HasSubstr("version 99"));
    EXPECT_THAT(error.message, HasSubstr("newer program"));
}

TEST_F(StoreTest, RefusesASchemaOfAnotherProgram) {
    ask_server(*server_, "CREATE SCHEMA " + schema_);
    ask_server(*server_, "CREATE TABLE " + schema_ + ".theirs (x integer)");
    const auto error = refusal([](Options&) {});
    EXPECT_EQ(error.code, Code::kFailedPrecondition);
    EXPECT_THAT(error.message, HasSubstr("another program"));
}

TEST_F(StoreTest, SaysAtOnceWhatIsWrongWithTheUrl) {
    struct Case {
        std::string url;
        std::string says;
    };
    for (const auto& [url, says] : {Case{"", "missing"}, Case{"mysql://x", "not one of PostgreSQL"},
                                    Case{server_->url("nowhere"), "does not exist"},
                                    Case{server_->url() + "?sslmode=require", "SSL"}}) {
        const auto began = std::chrono::steady_clock::now();
        const auto error = refusal([&](Options& options) { options.connection.url = url; });
        EXPECT_THAT(error.message, HasSubstr(says)) << url;
        EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
    }
}

TEST_F(StoreTest, NeedsNoMoreRightsThanTheOwnerOfADatabaseHas) {
    ask_server(*server_, "CREATE ROLE " + schema_ + " LOGIN");
    ask_server(*server_, "CREATE DATABASE " + schema_ + " OWNER " + schema_);
    const auto instance = open([&](Options& options) {
        options.connection.url = "postgres://" + schema_ +
                                 "@127.0.0.1:" + std::to_string(server_->port()) + "/" + schema_;
    });
    ASSERT_NE(instance->store, nullptr);
    Ledger ledger;
    EXPECT_TRUE(ledger.insert(*instance->store, "x"));
}

TEST_F(StoreTest, SpeaksTlsAsTheUrlSays) {
    PostgresServer server({.tls = true});
    server_ = &server;
    for (const std::string& mode :
         {std::string("require"), "verify-full&sslrootcert=" + server.certificate()}) {
        const auto instance = open(
            [&](Options& options) { options.connection.url = server.url() + "?sslmode=" + mode; });
        ASSERT_NE(instance->store, nullptr) << mode;
        EXPECT_EQ(ask_server(server,
                             "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING"
                             " (pid) WHERE application_name = 'streamwall'"),
                  "t");
    }
    const auto error = refusal([&](Options& options) {
        options.connection.url =
            server.url() + "?sslmode=verify-full&sslrootcert=/nowhere/root.crt";
    });
    EXPECT_THAT(error.message, HasSubstr("root certificate"));
}

TEST_F(StoreTest, AServerThatIsNotThereIsWaitedForAsLongAsSaid) {
    const auto error = refusal([](Options& options) {
        options.connection.url = "postgres://postgres@127.0.0.1:1/postgres";
        options.start_within = std::chrono::milliseconds(300);
    });
    EXPECT_EQ(error.code, Code::kUnavailable);
}

TEST_F(StoreTest, ATextTooLongForAKeyIsTheCallersFault) {
    const auto instance = open();
    std::string title;
    for (int i = 0; title.size() < 20'000; ++i)
        title += std::to_string(i * 7919 % 10007);
    const auto answer =
        call(*instance->store, Method::kApply,
             R"({"changes":[{"op":"insert","collection":"shows","record":{"title":")" + title +
                 R"("}}]})");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::kInvalidArgument) << answer.error().message;
}

}  // namespace
}  // namespace streamwall::postgres
