// `streamwall db`: upgrades that are cut short, and copies from SQLite.
#include "db_command.hpp"

#include <streamwall/testing/temporary_folder.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "sqlite-store/store.hpp"
#include "test_store.hpp"

namespace streamwall::postgres {
namespace {

using storage::Code;
using ::testing::HasSubstr;

// Runs until it ends; its wait status.
int run_helper(const std::string& fault_at, const std::string& name,
               const boost::json::object& arguments) {
    std::string program = STREAMWALL_DB_HELPER;
    std::string command = name;
    std::string given = boost::json::serialize(arguments);
    std::string fault = "FAULT_AT=" + fault_at;
    char* words[] = {program.data(), command.data(), given.data(), nullptr};
    char* environment[] = {fault.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = -1;
    EXPECT_EQ(posix_spawn(&child, program.c_str(), &actions, nullptr, words, environment), 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

bool was_killed(int status) {
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

class DbCommandTest : public ::testing::Test {
  protected:
    void SetUp() override {
        SKIP_WITHOUT_POSTGRES();
        server_ = shared_server();
    }

    boost::json::object arguments() const {
        return {{"url", server_->url()}, {"schema", schema_}, {"output", "json"}};
    }
    boost::json::object copy_arguments() const {
        return {{"from", "sqlite:" + file()},
                {"to", server_->url()},
                {"schema", schema_},
                {"output", "json"}};
    }
    std::string file() const { return folder_ / "streamwall.db"; }

    // What the command prints.
    storage::Result<std::string> run(std::string_view name, const boost::json::object& given,
                                     bool on_terminal = false) {
        std::string out;
        const CommandIo io{.write = [&](std::string_view text) { out += text; },
                           .write_error = [&](std::string_view text) { errors_ += text; },
                           .on_terminal = on_terminal,
                           .environment = [](const char*) { return std::string(); }};
        const auto done = run_db_command(name, given, io);
        if (!done) return std::unexpected(done.error());
        return out;
    }

    std::unique_ptr<sqlite::Store> open_sqlite() {
        sqlite::Options options;
        options.path = file();
        Hooks hooks;
        hooks.wall_ms = [] { return std::int64_t{1'769'862'896'789}; };
        auto store = sqlite::Store::open(options, hooks);
        if (!store) throw std::runtime_error(store.error().message);
        return std::move(*store);
    }
    std::unique_ptr<Store> open_postgres() {
        auto store = Store::open(options_for(*server_, schema_), witness_.hooks());
        if (!store) throw std::runtime_error(store.error().message);
        return std::move(*store);
    }
    static Answer call_sqlite(sqlite::Store& store, Method method, const std::string& request) {
        std::promise<Answer> promise;
        auto future = promise.get_future();
        auto at_once = store.call(method, request, test_origin(), [&] {
            return std::make_unique<storage::testing::PromisedCall>(std::move(promise));
        });
        return at_once ? std::move(*at_once) : future.get();
    }
    static std::string must(const Answer& answer) {
        EXPECT_TRUE(answer) << answer.error().message;
        return answer ? *answer : std::string();
    }
    // A bit of everything, in more rows than are copied at once.
    void fill_sqlite() {
        const auto store = open_sqlite();
        must(call_sqlite(*store, Method::kDeclare, R"({"collections":[{"name":"shows","fields":[
            {"name":"title","type":"text"},{"name":"score","type":"real"},
            {"name":"archived","type":"boolean","default":false},{"name":"labels","type":"json"},
            {"name":"live_at","type":"time"},{"name":"n","type":"integer"}],
            "unique":[{"name":"title","fields":["title"]}],
            "indexes":[{"name":"n","fields":["-n"]}]}]})"));
        std::string changes;
        for (int i = 1; i <= 1300; ++i) {
            const auto n = std::to_string(i);
            changes += i > 1 ? "," : "";
            changes += R"({"op":"insert","collection":"shows","record":{"title":"É )" + n +
                       R"( \"q\" \\ {}","n":)" + (i % 7 == 0 ? "null" : n) + R"(,"score":)" +
                       (i % 3 == 0 ? "2" : "0.1") + R"(,"archived":)" + (i % 2 ? "true" : "false") +
                       R"(,"labels":["a", 1.50],
                       "live_at":"2026-01-31T12:34:56.789Z"}},{"op":"event","type":"show.created",
                       "version":"1.0","subject":"show/{id}","record":)" +
                       std::to_string((i - 1) * 2) + R"(,"changes":{"n":1}})";
        }
        must(call_sqlite(*store, Method::kApply, R"({"changes":[)" + changes + "]}"));
        must(call_sqlite(*store, Method::kApply, R"({"changes":[
            {"op":"delete","collection":"shows","id":1300},
            {"op":"inbox","consumer":"c","event_id":"e1"}]})"));
        must(call_sqlite(*store, Method::kSavePositions, R"({"positions":[
            {"name":"hub","epoch":"e","sequence":5,"parked":[{"subject":"s"}]}]})"));
        must(call_sqlite(*store, Method::kDeadLetterAdd, R"({"name":"hub","event":{"id":"x"},
            "error":{"code":"y"},"attempts":5})"));
        must(call_sqlite(*store, Method::kTrim, R"({"keep_events":1250})"));
    }
    // Everything that both sides answer alike.
    template <class Ask>
    static std::vector<std::string> everything(Ask ask) {
        return {must(ask(Method::kQuery, R"({"collection":"shows","limit":1000,"count":true})")),
                must(ask(Method::kQuery, R"({"collection":"shows","limit":1000,
                    "sort":[{"field":"id","direction":"desc"}]})")),
                must(ask(Method::kRead, R"({"after":0,"limit":1000})")),
                must(ask(Method::kRead, R"({"after":1050,"limit":1000})")),
                must(ask(Method::kPosition, R"({"name":"hub"})")),
                must(ask(Method::kDeadLetters, "{}"))};
    }

    const std::string schema_ = fresh_schema();
    PostgresServer* server_ = nullptr;
    const streamwall::testing::TemporaryFolder folder_{"copy"};
    std::string errors_;
    Witness witness_;
};

TEST_F(DbCommandTest, MigratesOnceAndThenHasNothingToDo) {
    EXPECT_THAT(*run("db status", arguments()), HasSubstr(R"("version":0)"));
    EXPECT_THAT(*run("db migrate", arguments()), HasSubstr(R"("from":0,"to":1)"));
    EXPECT_THAT(*run("db migrate", arguments()), HasSubstr(R"("from":1,"to":1)"));
    const auto status = run("db status", arguments());
    ASSERT_TRUE(status);
    const auto parsed = boost::json::parse(*status);
    EXPECT_EQ(parsed.at("version"), 1);
    EXPECT_EQ(parsed.at("journal").at("last"), 0);
}

TEST_F(DbCommandTest, AMigrationThatIsKilledHasNotHappened) {
    for (const std::string hit : {"in_migration", "in_migration:4", "in_migration:10"}) {
        ASSERT_TRUE(was_killed(run_helper(hit, "db migrate", arguments()))) << hit;
        EXPECT_EQ(ask_server(*server_,
                             "SELECT coalesce(to_regnamespace('" + schema_ + "')::text, 'none')"),
                  "none")
            << hit;
    }
    EXPECT_TRUE(run("db migrate", arguments()));
    EXPECT_NE(open_postgres(), nullptr);
}

TEST_F(DbCommandTest, ManyThatStartAtOnceMigrateOnce) {
    std::vector<std::thread> starts;
    for (int i = 0; i < 6; ++i)
        starts.emplace_back([&] {
            Witness witness;
            EXPECT_TRUE(Store::open(options_for(*server_, schema_), witness.hooks()));
        });
    for (auto& start : starts)
        start.join();
}

TEST_F(DbCommandTest, ACopyAnswersAsTheOriginalDoes) {
    fill_sqlite();
    const auto report = run("db copy", copy_arguments());
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(boost::json::parse(*report).at("copied"), 1299 + 1250 + 1 + 1 + 1);
    const auto original = open_sqlite();
    const auto copied = open_postgres();
    EXPECT_EQ(everything([&](Method method, const std::string& request) {
                  return call(*copied, method, request);
              }),
              everything([&](Method method, const std::string& request) {
                  return call_sqlite(*original, method, request);
              }));
    EXPECT_EQ(ask_server(*server_, "SELECT reltuples FROM pg_class WHERE oid = '" + schema_ +
                                       ".record_shows'::regclass"),
              "1299")
        << "the server knows what it is to plan for";
    // Counters go on where they were.
    const std::string next = R"({"changes":[{"op":"insert","collection":"shows","record":{}},
        {"op":"event","type":"a.b","version":"1.0","subject":"s","data":{}}]})";
    EXPECT_EQ(must(call(*copied, Method::kApply, next)),
              must(call_sqlite(*original, Method::kApply, next)));
    EXPECT_EQ(call(*copied, Method::kApply,
                   R"({"changes":[{"op":"inbox","consumer":"c","event_id":"e1"}]})")
                  .error()
                  .code,
              Code::kAlreadyExists);
}

TEST_F(DbCommandTest, ACopyThatIsKilledGoesOnWhereItWas) {
    fill_sqlite();
    ASSERT_TRUE(was_killed(run_helper("in_copy:3", "db copy", copy_arguments())));
    const auto report = run("db copy", copy_arguments(), true);
    ASSERT_TRUE(report) << report.error().message;
    const auto parsed = boost::json::parse(*report);
    EXPECT_EQ(parsed.at("resumed"), true);
    EXPECT_LT(parsed.at("copied").as_int64(), 1299 + 1250 + 3);
    EXPECT_THAT(errors_, HasSubstr("copying ["));
    EXPECT_THAT(errors_, HasSubstr("100 %"));
}

TEST_F(DbCommandTest, ACopyOverwritesNothing) {
    fill_sqlite();
    ASSERT_TRUE(run("db copy", copy_arguments()));
    const auto again = run("db copy", copy_arguments());
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().message, HasSubstr("holds data already"));
}

TEST_F(DbCommandTest, AFileInUseIsNotCopied) {
    const auto running = open_sqlite();
    const auto refused = run("db copy", copy_arguments());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("stop the host"));
}

TEST_F(DbCommandTest, SaysHowItIsUsed) {
    struct Case {
        std::string name;
        boost::json::object given;
        std::string says;
    };
    const std::vector<Case> cases{
        {"db migrate", {}, "DATABASE_URL"},
        {"db status", {{"url", "nonsense"}}, "not one of PostgreSQL"},
        {"db status", {{"url", "postgres://x"}, {"schema", "A-B"}}, "schema"},
        {"db copy", {}, "--from"},
        {"db copy", {{"from", "mysql"}}, "--from"},
        {"db copy", {{"from", "sqlite"}, {"to", "oracle"}}, "--to"},
    };
    for (const auto& [name, given, says] : cases) {
        const auto done = run(name, given);
        ASSERT_FALSE(done) << name;
        EXPECT_EQ(done.error().code, Code::kInvalidArgument);
        EXPECT_THAT(done.error().message, HasSubstr(says));
    }
}

}  // namespace
}  // namespace streamwall::postgres
