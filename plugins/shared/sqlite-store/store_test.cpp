// What the SQLite store promises beyond the conformance kit: group commit, queues, cache, plans.
#include "sqlite-store/store.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <thread>

#include "sqlite-store/test_store.hpp"

namespace streamwall::sqlite {
namespace {

using storage::Code;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDeclare = R"({"collections":[{"name":"shows","fields":[
    {"name":"url","type":"text"},{"name":"viewers","type":"integer"},
    {"name":"archived","type":"boolean","default":false},
    {"name":"pinned","type":"boolean","default":false}],
    "unique":[{"name":"url","fields":["url"],
               "where":{"field":"archived","op":"eq","value":false}}],
    "indexes":[{"name":"viewers","fields":["-viewers"]},
               {"name":"front","fields":["archived","-pinned","-created_at"]}]}]})";
constexpr const char* kInsertAndTell = R"({"changes":[
    {"op":"insert","collection":"shows","record":{"viewers":1}},
    {"op":"event","type":"show.created","version":"1.0","subject":"show/{id}","record":0}]})";

class StoreTest : public ::testing::Test {
  protected:
    void open(const std::function<void(Options&)>& adjust = [](Options&) {}) {
        store_.reset();
        Options options;
        options.path = folder_.file();
        options.writer.positions_delay = std::chrono::milliseconds(1);
        adjust(options);
        auto store = Store::open(options, witness_.hooks());
        ASSERT_TRUE(store) << store.error().message;
        store_ = std::move(*store);
        ASSERT_TRUE(ask(Method::kDeclare, kDeclare));
    }
    Answer ask(Method method, const std::string& request) { return call(*store_, method, request); }

    DatabaseFolder folder_;
    Witness witness_;
    std::unique_ptr<Store> store_;
};

// A caller that doesn't wait, and may walk away.
struct Pending {
    std::atomic<bool> abandoned{false};
    std::promise<Answer> promise;
    std::future<Answer> answer = promise.get_future();
};
class PendingCall final : public Call {
  public:
    explicit PendingCall(Pending& pending) : pending_(pending) {}
    bool abandoned() const override { return pending_.abandoned; }
    void answer(Answer answer) override { pending_.promise.set_value(std::move(answer)); }

  private:
    Pending& pending_;
};

// The reply of an update is made from the version before; a query reads what the database holds.
TEST_F(StoreTest, RepliesToAnUpdateWithTheRecordThatAQueryFinds) {
    open();
    ASSERT_TRUE(ask(Method::kDeclare, R"({"collections":[{"name":"things","fields":[
        {"name":"t","type":"text"},{"name":"n","type":"integer"},{"name":"r","type":"real"},
        {"name":"b","type":"boolean","default":false},{"name":"j","type":"json"},
        {"name":"at","type":"time"},{"name":"d","type":"text","default":"none"}]}]})"));
    ASSERT_TRUE(ask(Method::kApply, R"({"changes":[{"op":"insert","collection":"things",
        "record":{"t":"first \"{}\"","j":{"a":[1,"}"]}}}]})"));
    std::int64_t version = 1;
    for (const std::string set :
         {R"({"t":"a \"b\" \\ \u0001 é"})", R"({"t":null,"n":-5})", R"({"n":null})",
          R"({"b":true})", R"({"r":-0.0})", R"({"r":1e300})", R"({"r":3})", R"({"r":null})",
          R"({"j":{ "x" : [1, {"y":"]}"}] }})", R"({"j":null,"d":"other"})", R"({"d":null})",
          R"({"at":"2024-02-29T23:59:60+01:30"})", R"({"at":null})", "{}"}) {
        witness_.now_ms += version % 2 == 0 ? -1000 : 7;  // the clock may be set back
        const auto reply =
            ask(Method::kApply,
                R"({"changes":[{"op":"update","collection":"things","id":1,"version":)" +
                    std::to_string(version++) + R"(,"set":)" + set + "}]}");
        ASSERT_TRUE(reply) << set;
        const auto found = ask(Method::kQuery, R"({"collection":"things"})");
        ASSERT_TRUE(found);
        const auto record = reply->substr(12, reply->size() - 14);  // {"results":[…]}
        EXPECT_THAT(*found, HasSubstr("[" + record + "]")) << set;
        EXPECT_EQ(*ask(Method::kGet, R"({"collection":"things","id":1})"), record) << set;
    }
}

TEST_F(StoreTest, TellsOfEventsAfterTheyAreReadableAndBeforeTheAnswer) {
    open();
    ASSERT_TRUE(ask(Method::kApply, kInsertAndTell));
    const auto seen = witness_.seen();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].sequence, 1);
    EXPECT_EQ(seen[0].type, "show.created");
    EXPECT_THAT(*ask(Method::kGet, R"({"collection":"shows","id":1})"), seen[0].data);
}

TEST_F(StoreTest, CommitsTogetherWhatWaitsTogether) {
    // The writer is held in the announcement of the first commit until all others are queued.
    std::promise<void> release;
    auto released = release.get_future().share();
    std::promise<void> held;
    std::atomic<bool> first{true};
    Options options;
    options.path = folder_.file();
    auto hooks = witness_.hooks();
    hooks.committed = [&](std::span<const CommittedEvent>) {
        if (!first.exchange(false)) return;
        held.set_value();
        released.wait();
    };
    auto store = Store::open(options, hooks);
    ASSERT_TRUE(store);
    ASSERT_TRUE(call(**store, Method::kDeclare, kDeclare));
    std::vector<Pending> pending(65);
    const auto submit = [&](Pending& one) {
        (*store)->call(Method::kApply, kInsertAndTell, test_origin(),
                       [&] { return std::make_unique<PendingCall>(one); });
    };
    submit(pending[0]);
    held.get_future().wait();
    for (std::size_t i = 1; i < pending.size(); ++i)
        submit(pending[i]);
    pending[64].abandoned = true;
    const auto before = (*store)->commits();
    release.set_value();
    for (std::size_t i = 0; i < 64; ++i)
        EXPECT_TRUE(pending[i].answer.get());
    EXPECT_EQ(pending[64].answer.get().error().code, Code::kCancelled)
        << "nothing is done for who has gone";
    EXPECT_EQ((*store)->commits(), before + 1);
    EXPECT_THAT(*call(**store, Method::kRead, R"({"after":0,"limit":1})"),
                HasSubstr(R"("last":64)"));
}

TEST_F(StoreTest, RefusesMoreThanItCanQueue) {
    std::promise<void> release;
    auto released = release.get_future().share();
    std::promise<void> held;
    std::atomic<bool> first{true};
    Options options;
    options.path = folder_.file();
    options.max_queued = 4;
    auto hooks = witness_.hooks();
    hooks.committed = [&](std::span<const CommittedEvent>) {
        if (!first.exchange(false)) return;
        held.set_value();
        released.wait();
    };
    auto store = Store::open(options, hooks);
    ASSERT_TRUE(store);
    ASSERT_TRUE(call(**store, Method::kDeclare, kDeclare));
    std::vector<Pending> pending(6);
    for (std::size_t i = 0; i < pending.size(); ++i) {
        (*store)->call(Method::kApply, kInsertAndTell, test_origin(),
                       [&] { return std::make_unique<PendingCall>(pending[i]); });
        if (i == 0) held.get_future().wait();
    }
    const auto refused = pending[5].answer.get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
    EXPECT_THAT(refused.error().details, HasSubstr("retry_after"));
    release.set_value();
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_TRUE(pending[i].answer.get());
}

TEST_F(StoreTest, AnswersARecordItHasJustWrittenAtOnce) {
    open();
    ASSERT_TRUE(ask(Method::kApply, kInsertAndTell));
    const auto at_once = store_->call(
        Method::kGet, R"({"collection":"shows","id":1})", test_origin(),
        []() -> std::unique_ptr<Call> { throw std::logic_error("it went to a reader"); });
    ASSERT_TRUE(at_once && *at_once);
    EXPECT_THAT(**at_once, HasSubstr(R"("viewers":1)"));
}

TEST_F(StoreTest, ADeclarationEndsWhatTheCacheRendered) {
    open();
    ASSERT_TRUE(ask(Method::kApply, kInsertAndTell));
    ASSERT_TRUE(ask(Method::kDeclare, R"({"collections":[{"name":"shows","fields":[
        {"name":"extra","type":"text","default":"new"}]}]})"));
    EXPECT_THAT(*ask(Method::kGet, R"({"collection":"shows","id":1})"),
                HasSubstr(R"("extra":"new")"));
}

TEST_F(StoreTest, KeepsEverythingOverARestart) {
    open();
    ASSERT_TRUE(ask(Method::kApply, kInsertAndTell));
    ASSERT_TRUE(
        ask(Method::kSavePositions, R"({"positions":[{"name":"hub","epoch":"e","sequence":1}]})"));
    const auto record = *ask(Method::kGet, R"({"collection":"shows","id":1})");
    const auto epoch = store_->epoch();
    open();
    EXPECT_EQ(store_->epoch(), epoch);
    EXPECT_EQ(*ask(Method::kGet, R"({"collection":"shows","id":1})"), record);
    EXPECT_THAT(*ask(Method::kPosition, R"({"name":"hub"})"), HasSubstr(R"("sequence":1)"));
    ASSERT_TRUE(ask(Method::kApply, kInsertAndTell));
    EXPECT_EQ(witness_.seen().back().sequence, 2);
}

TEST_F(StoreTest, NeverReusesASequenceOrAnIdEvenWhenAllWereRemoved) {
    open();
    ASSERT_TRUE(ask(Method::kApply, kInsertAndTell));
    ASSERT_TRUE(
        ask(Method::kApply, R"({"changes":[{"op":"delete","collection":"shows","id":1}]})"));
    ASSERT_TRUE(ask(Method::kTrim, R"({"keep_events":0})"));
    open();
    EXPECT_THAT(*ask(Method::kApply, kInsertAndTell), HasSubstr(R"({"id":2,)"));
    EXPECT_EQ(witness_.seen().back().sequence, 2);
}

TEST_F(StoreTest, ReachesTheDiskWithPositionsWithinASecond) {
    open();
    ASSERT_TRUE(
        ask(Method::kSavePositions, R"({"positions":[{"name":"hub","epoch":"e","sequence":7}]})"));
    // Another connection sees only what was committed.
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(folder_.file().c_str(), &other), SQLITE_OK);
    sqlite3_busy_timeout(other, 1000);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    std::int64_t found = 0;
    while (found == 0 && std::chrono::steady_clock::now() < give_up) {
        sqlite3_stmt* select = nullptr;
        sqlite3_prepare_v2(other, "SELECT sequence FROM positions", -1, &select, nullptr);
        if (sqlite3_step(select) == SQLITE_ROW) found = sqlite3_column_int64(select, 0);
        sqlite3_finalize(select);
        std::this_thread::yield();
    }
    sqlite3_close(other);
    EXPECT_EQ(found, 7);
}

TEST_F(StoreTest, ALongTrimLetsOthersPass) {
    open();
    std::string events;
    for (int i = 0; i < 9000; ++i) {
        events += (i > 0 ? "," : "");
        events += R"({"type":"a.b","version":"1.0","subject":"s","data":{}})";
    }
    ASSERT_TRUE(ask(Method::kAppend, R"({"events":[)" + events + "]}"));
    ASSERT_TRUE(ask(Method::kAppend, R"({"events":[)" + events + "]}"));
    const auto before = store_->commits();
    EXPECT_EQ(*ask(Method::kTrim, R"({"keep_events":10})"), R"({"removed":17990,"first":17991})");
    EXPECT_EQ(store_->commits() - before, 4U) << "cut into transactions of 5000 events";
}

TEST_F(StoreTest, TrimsOnItsOwnNowAndThen) {
    open([](Options& options) {
        options.keep_events = 1;
        options.writer.housekeeping_period = std::chrono::milliseconds(1);
    });
    ASSERT_TRUE(ask(Method::kApply, kInsertAndTell));
    ASSERT_TRUE(ask(Method::kApply, kInsertAndTell));
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::string read;
    while (read.find(R"("first":2)") == read.npos && std::chrono::steady_clock::now() < give_up) {
        const auto answer = ask(Method::kRead, R"({"after":1})");
        read = answer ? *answer : answer.error().message;
        std::this_thread::yield();
    }
    EXPECT_THAT(read, HasSubstr(R"("first":2)"));
}

TEST_F(StoreTest, AnswersListsAndTheirCountsFromIndexes) {
    open();
    const auto plan = [&](const std::string& rest) {
        return *store_->explain(R"({"collection":"shows","count":true,)" + rest + "}");
    };
    const std::string active = R"("filter":{"field":"archived","op":"eq","value":false},)";
    const std::string front = R"("sort":[{"field":"pinned","direction":"desc"},
                                         {"field":"created_at","direction":"desc"}])";
    const auto list = plan(active + front);
    EXPECT_THAT(list, HasSubstr("shows_by_front"));
    EXPECT_THAT(list, Not(HasSubstr("TEMP B-TREE"))) << list;
    EXPECT_THAT(list, Not(HasSubstr(R"("SCAN record_shows")"))) << list;
    const auto opposite = plan(active + R"("sort":[{"field":"pinned"},{"field":"created_at"}])");
    EXPECT_THAT(opposite, Not(HasSubstr("TEMP B-TREE"))) << "one index serves both directions";
    const auto unique = plan(R"("filter":{"and":[{"field":"url","op":"eq","value":"u"},
                                                 {"field":"archived","op":"eq","value":false}]})");
    EXPECT_THAT(unique, HasSubstr("shows_unique_url (url=?)")) << unique;
}

TEST_F(StoreTest, ContinuesAListByASeek) {
    open();
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(ask(Method::kApply, kInsertAndTell));
    const std::string query = R"("collection":"shows","limit":1,
        "filter":{"field":"archived","op":"eq","value":false},
        "sort":[{"field":"pinned","direction":"desc"},{"field":"created_at","direction":"desc"}])";
    const auto page = boost::json::parse(*ask(Method::kQuery, "{" + query + "}"));
    const auto plan = *store_->explain("{" + query + R"(,"cursor":")" +
                                       page.at("next_cursor").as_string().c_str() + "\"}");
    EXPECT_THAT(plan, HasSubstr("(archived=? AND (pinned,created_at)<(?,?))"));
    EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE")));
}

TEST_F(StoreTest, StopsCleanlyWhileCallersKeepCalling) {
    open();
    std::vector<std::thread> callers;
    std::vector<std::vector<std::future<Answer>>> answers(4);
    for (auto& mine : answers) {
        callers.emplace_back([&] {
            for (int i = 0; i < 100; ++i) {
                std::promise<Answer> promise;
                mine.push_back(promise.get_future());
                store_->call(Method::kApply, kInsertAndTell, test_origin(), [&] {
                    return std::make_unique<storage::testing::PromisedCall>(std::move(promise));
                });
            }
        });
    }
    for (auto& caller : callers)
        caller.join();
    store_.reset();
    for (auto& mine : answers) {
        for (auto& answer : mine)
            EXPECT_TRUE(answer.get()) << "what was accepted is finished";
    }
}

}  // namespace
}  // namespace streamwall::sqlite
