// Losing nothing: kills between any two steps, full disks, failing disks, wrong files.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "sqlite-store/faulty_disk.hpp"
#include "sqlite-store/test_store.hpp"

namespace streamwall::sqlite {
namespace {

using storage::Code;
using ::testing::HasSubstr;

constexpr const char* kDeclare = R"({"collections":[{"name":"shows","fields":[
    {"name":"title","type":"text"}]}]})";

std::string insert_of(const std::string& title) {
    return R"({"changes":[{"op":"insert","collection":"shows","record":{"title":")" + title +
           R"("}},{"op":"event","type":"show.created","version":"1.0","subject":"show/{id}",
                   "record":0}]})";
}

Options options_for(const std::string& path) {
    Options options;
    options.path = path;
    options.writer.reopen_delay = std::chrono::milliseconds(1);
    return options;
}

// Every record and event there is, by SQLite alone.
struct Content {
    std::set<std::int64_t> records;
    std::vector<std::int64_t> sequences;
    std::string integrity;
};
Content read_content(const std::string& path) {
    Content content;
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    const auto each = [&](const char* sql, const std::function<void(sqlite3_stmt*)>& row) {
        sqlite3_stmt* statement = nullptr;
        sqlite3_prepare_v2(database, sql, -1, &statement, nullptr);
        while (sqlite3_step(statement) == SQLITE_ROW)
            row(statement);
        sqlite3_finalize(statement);
    };
    each("SELECT id FROM record_shows",
         [&](auto* row) { content.records.insert(sqlite3_column_int64(row, 0)); });
    each("SELECT sequence FROM events ORDER BY sequence",
         [&](auto* row) { content.sequences.push_back(sqlite3_column_int64(row, 0)); });
    each("PRAGMA integrity_check", [&](auto* row) {
        content.integrity = reinterpret_cast<const char*>(sqlite3_column_text(row, 0));
    });
    sqlite3_close(database);
    return content;
}

// The program insert_for_ever on `path`; what it writes arrives at `out`.
pid_t start_inserting(const std::string& path, const char* fault_at, int& out) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::string program = STREAMWALL_INSERT_FOR_EVER;
    std::string argument = path;
    std::string fault = std::string("FAULT_AT=") + (fault_at == nullptr ? "" : fault_at);
    char* arguments[] = {program.data(), argument.data(), nullptr};
    char* environment[] = {fault.data(), nullptr};
    pid_t child = -1;
    EXPECT_EQ(posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environment), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    out = ends[0];
    return child;
}

struct KillCase {
    const char* name;
    const char* fault_at;  // null: SIGKILL from outside, once enough was acknowledged
};

class Kill : public ::testing::TestWithParam<KillCase> {};

TEST_P(Kill, LosesNothingThatWasAcknowledged) {
    const DatabaseFolder folder;
    int output = -1;
    const pid_t child = start_inserting(folder.file(), GetParam().fault_at, output);
    ASSERT_GT(child, 0);
    std::set<std::int64_t> acknowledged;
    std::int64_t id = 0;
    while (read(output, &id, sizeof id) == sizeof id) {
        acknowledged.insert(id);
        if (GetParam().fault_at == nullptr && acknowledged.size() == 200) kill(child, SIGKILL);
    }
    close(output);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    EXPECT_FALSE(acknowledged.empty());

    Witness witness;
    {
        auto store = Store::open(options_for(folder.file()), witness.hooks());
        ASSERT_TRUE(store) << store.error().message;
        for (const auto known : acknowledged) {
            EXPECT_TRUE(call(**store, Method::kGet,
                             R"({"collection":"shows","id":)" + std::to_string(known) + "}"))
                << known;
        }
        ASSERT_TRUE(call(**store, Method::kApply, insert_of("after")));
    }
    const auto content = read_content(folder.file());
    EXPECT_EQ(content.integrity, "ok");
    EXPECT_EQ(content.records.size(), content.sequences.size()) << "each record has its event";
    for (std::size_t i = 0; i < content.sequences.size(); ++i) {
        ASSERT_EQ(content.sequences[i], static_cast<std::int64_t>(i) + 1) << "a gap";
    }
}

INSTANTIATE_TEST_SUITE_P(At, Kill,
                         ::testing::Values(KillCase{"AnyMoment", nullptr},
                                           KillCase{"BeforeCommit", "before_commit:30"},
                                           KillCase{"AfterCommit", "after_commit:30"},
                                           KillCase{"BeforePublish", "before_publish:30"},
                                           KillCase{"BeforeReply", "before_reply:30"}),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(Durability, AFailedFsyncFailsTheRequestsAndTheStoreRecovers) {
    const DatabaseFolder folder;
    FaultyDisk disk;
    Witness witness;
    auto store = Store::open(options_for(folder.file()), witness.hooks());
    ASSERT_TRUE(store);
    ASSERT_TRUE(call(**store, Method::kDeclare, kDeclare));
    ASSERT_TRUE(call(**store, Method::kApply, insert_of("before")));

    disk.fail_sync = true;
    const auto failed = call(**store, Method::kApply, insert_of("during"));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Code::kUnavailable);
    EXPECT_EQ(witness.health(), Health::kDown);
    EXPECT_FALSE(call(**store, Method::kApply, insert_of("during")));

    disk.fail_sync = false;
    Answer answer;
    do {
        answer = call(**store, Method::kApply, insert_of("after"));
    } while (!answer && answer.error().code == Code::kUnavailable);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(witness.health(), Health::kOk);

    // Whether or not a failed commit reached the disk: what is in the journal was announced, once.
    const auto seen = witness.seen();
    store->reset();
    const auto content = read_content(folder.file());
    EXPECT_EQ(content.integrity, "ok");
    ASSERT_EQ(seen.size(), content.sequences.size());
    for (std::size_t i = 0; i < seen.size(); ++i)
        EXPECT_EQ(seen[i].sequence, content.sequences[i]);
}

TEST(Durability, AFullDiskRefusesWritesAndForgetsNone) {
    const DatabaseFolder folder;
    const std::string small = folder.file("small");
    ASSERT_EQ(mkdir(small.c_str(), 0700), 0);
    if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=1m") != 0) {
        GTEST_SKIP() << "a small disk can be mounted only by root: " << std::strerror(errno);
    }
    const std::shared_ptr<void> unmount(nullptr, [&](void*) { umount(small.c_str()); });
    Witness witness;
    auto store = Store::open(options_for(small + "/test.db"), witness.hooks());
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE(call(**store, Method::kDeclare, kDeclare));
    std::int64_t made = 0;
    Answer answer;
    while ((answer = call(**store, Method::kApply, insert_of(std::string(2000, 'x'))))) {
        ASSERT_LT(++made, 1000) << "the disk never fills";
    }
    EXPECT_EQ(answer.error().code, Code::kResourceExhausted) << answer.error().message;
    EXPECT_THAT(answer.error().details, HasSubstr(R"("code":"disk_full")"));
    EXPECT_EQ(witness.health(), Health::kDegraded);
    // Reading goes on, and writing, too, once there is room.
    const auto count =
        call(**store, Method::kQuery, R"({"collection":"shows","limit":1,"count":true})");
    ASSERT_TRUE(count) << count.error().message;
    EXPECT_THAT(*count, HasSubstr("\"count\":" + std::to_string(made)));
    ASSERT_EQ(mount("tmpfs", small.c_str(), "tmpfs", MS_REMOUNT, "size=4m"), 0);
    ASSERT_TRUE(call(**store, Method::kApply, insert_of("room again")));
    EXPECT_EQ(witness.health(), Health::kOk);
    EXPECT_EQ(witness.seen().back().sequence, made + 1) << "no sequence was used up";
    store->reset();
}

class WrongFile : public ::testing::Test {
  protected:
    std::string message_of_open() {
        auto store = Store::open(options_for(folder_.file()), witness_.hooks());
        if (store) return "it opened";
        code_ = store.error().code;
        return store.error().message;
    }
    void run(const char* sql) {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(folder_.file().c_str(), &database), SQLITE_OK);
        ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(database);
    }
    void make_store() {
        auto store = Store::open(options_for(folder_.file()), witness_.hooks());
        ASSERT_TRUE(store);
        ASSERT_TRUE(call(**store, Method::kDeclare, kDeclare));
        for (int i = 0; i < 50; ++i) {
            ASSERT_TRUE(call(**store, Method::kApply, insert_of(std::string(1000, 'x'))));
        }
    }

    DatabaseFolder folder_;
    Witness witness_;
    Code code_{};
};

TEST_F(WrongFile, ThatIsNoDatabaseIsRefused) {
    std::ofstream(folder_.file()) << std::string(8192, 'z');
    EXPECT_THAT(message_of_open(), HasSubstr("not a database"));
    EXPECT_EQ(code_, Code::kDataLoss);
}

TEST_F(WrongFile, ThatIsDamagedIsRefusedWithAdvice) {
    make_store();
    std::fstream file(folder_.file(), std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 3; page < 20; ++page) {
        file.seekp(page * 4096);
        file << std::string(2048, '\xA5');
    }
    file.close();
    EXPECT_THAT(message_of_open(), HasSubstr("damaged"));
    EXPECT_EQ(code_, Code::kDataLoss);
}

TEST_F(WrongFile, OfANewerProgramIsRefusedWithBothVersions) {
    make_store();
    run("PRAGMA user_version = 99");
    EXPECT_THAT(message_of_open(), HasSubstr("schema version 99, this program knows 2"));
    EXPECT_EQ(code_, Code::kFailedPrecondition);
}

TEST_F(WrongFile, OfAnotherProgramIsRefused) {
    run("CREATE TABLE theirs (x)");
    EXPECT_THAT(message_of_open(), HasSubstr("another program"));
}

TEST_F(WrongFile, InUseByAnotherStoreIsRefused) {
    auto first = Store::open(options_for(folder_.file()), witness_.hooks());
    ASSERT_TRUE(first);
    EXPECT_THAT(message_of_open(), HasSubstr("in use by another process"));
}

TEST_F(WrongFile, InAFolderThatCanNotBeWrittenIsRefusedWithItsName) {
    ASSERT_EQ(chmod(folder_.path().c_str(), 0500), 0);
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        // Permissions mean nothing to root.
        if (geteuid() == 0 && (chown(folder_.path().c_str(), 65534, 65534) != 0 ||
                               setgid(65534) != 0 || setuid(65534) != 0)) {
            _exit(1);
        }
        const std::string message = message_of_open();
        _exit(write(pipe_ends[1], message.data(), message.size()) < 0);
    }
    close(pipe_ends[1]);
    char text[512] = {};
    [[maybe_unused]] const auto length = read(pipe_ends[0], text, sizeof text - 1);
    close(pipe_ends[0]);
    waitpid(child, nullptr, 0);
    EXPECT_THAT(text, HasSubstr("can't write in the folder \"" + folder_.path().string() + "\""));
    ASSERT_EQ(chmod(folder_.path().c_str(), 0700), 0);
}

}  // namespace
}  // namespace streamwall::sqlite
