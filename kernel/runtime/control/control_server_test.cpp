// The control socket with a handler of the test's own: framing, streams, bad clients, stopping.
#include "runtime/control/control_server.hpp"
#include "exec/testing/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <cstdlib>
#include <future>

namespace streamwall::control {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

class Control : public testing::Test {
  protected:
    void serve(Handler handler) {
        auto started = ControlServer::start(path(), std::move(handler));
        ASSERT_TRUE(started) << started.error().message;
        server = *std::move(started);
    }
    fs::path path() const { return folder / "control.sock"; }
    LineSocket client() const {
        auto socket = connect_unix(path());
        EXPECT_TRUE(socket) << socket.error().message;
        return {*std::move(socket), std::size_t{16} << 20};
    }
    static std::string ask(LineSocket& client, const std::string& line) {
        EXPECT_EQ(client.write_line(line, 5s), Transfer::done);
        return next(client);
    }
    static std::string next(LineSocket& client) {
        std::string line;
        EXPECT_EQ(client.read_line(line, 10s), Transfer::done);
        return line;
    }

    exec::testing::TemporaryFolder folder{"control"};
    std::unique_ptr<ControlServer> server;
};

Answer echo(const json::object& request, Client& /*client*/) {
    return json::value(request);
}

TEST_F(Control, AnswersRequestsOfOneConnectionInTurn) {
    serve(&echo);
    auto one = client();
    EXPECT_EQ(ask(one, R"({"verb":"a"})"), R"({"ok":true,"result":{"verb":"a"}})");
    EXPECT_EQ(ask(one, R"({"verb":"b"})"), R"({"ok":true,"result":{"verb":"b"}})");
}

TEST_F(Control, AnswersWhatIsNoRequestAndGoesOn) {
    serve(&echo);
    auto one = client();
    for (const char* line : {"", "x", "[]", "7", "{\"a\":", "{\"a\":1}}"}) {
        EXPECT_THAT(ask(one, line), HasSubstr(R"("code":"INVALID_ARGUMENT")")) << line;
    }
    EXPECT_THAT(ask(one, "{}"), HasSubstr("true"));
}

TEST_F(Control, ReportsFailuresWithCodeAndDetails) {
    serve([](const json::object&, Client&) -> Answer {
        return std::unexpected(Failure{SW_NOT_FOUND, "no such thing", "id", R"({"near":"x"})"});
    });
    auto one = client();
    EXPECT_EQ(ask(one, "{}"),
              R"({"ok":false,"error":{"code":"NOT_FOUND","message":"no such thing",)"
              R"("where":"id","details":{"near":"x"}}})");
}

TEST_F(Control, TurnsAnExceptionIntoAFailure) {
    serve([](const json::object&, Client&) -> Answer { throw std::runtime_error("broken"); });
    auto one = client();
    EXPECT_THAT(ask(one, "{}"), HasSubstr(R"("code":"INTERNAL","message":"broken")"));
}

TEST_F(Control, EndsAConnectionWhoseRequestIsTooLong) {
    serve(&echo);
    auto one = client();
    ASSERT_EQ(one.write_line(std::string(kMaxRequest + 1, 'x'), 5s), Transfer::done);
    EXPECT_THAT(next(one), HasSubstr("at most 1048576 bytes"));
    std::string line;
    EXPECT_EQ(one.read_line(line, 10s), Transfer::closed);
}

TEST_F(Control, IsNotHeldUpByAClientThatWaitsOrOneThatSaysNothing) {
    std::promise<void> release;
    auto released = release.get_future().share();
    serve([released](const json::object& request, Client&) -> Answer {
        if (request.contains("wait")) released.wait();
        return json::value(1);
    });
    auto silent = client();
    auto waiting = client();
    ASSERT_EQ(waiting.write_line(R"({"wait":1})", 5s), Transfer::done);
    auto quick = client();
    EXPECT_EQ(ask(quick, "{}"), R"({"ok":true,"result":1})");
    release.set_value();
    EXPECT_EQ(next(waiting), R"({"ok":true,"result":1})");
}

TEST_F(Control, RefusesMoreConnectionsThanItHasThreadsFor) {
    serve(&echo);
    std::deque<LineSocket> open;
    for (int n = 0; n < 32; ++n) {
        open.push_back(client());
        ASSERT_THAT(ask(open.back(), "{}"), HasSubstr("true"));
    }
    auto refused = client();
    EXPECT_THAT(next(refused), HasSubstr("RESOURCE_EXHAUSTED"));
    open.clear();
    // Their threads end in their own time.
    std::string line;
    do {
        auto again = client();
        again.write_line("{}", 5s);
        again.read_line(line, 10s);
    } while (!line.contains("true"));
}

// Streams one queue, and says when the stream has ended.
struct Stream {
    LineQueue queue{64};
    std::promise<void> ended;

    Handler handler() {
        return [this](const json::object&, Client& client) -> Answer {
            client.stream(queue);
            ended.set_value();
            return json::value(nullptr);
        };
    }
    bool has_ended() { return ended.get_future().wait_for(10s) == std::future_status::ready; }
};

TEST_F(Control, StreamsUntilTheClientCloses) {
    Stream stream;
    serve(stream.handler());
    {
        auto one = client();
        ASSERT_EQ(one.write_line("{}", 5s), Transfer::done);
        stream.queue.push(R"({"n":1})");
        EXPECT_EQ(next(one), R"({"line":{"n":1}})");
        stream.queue.push(R"({"n":2})");
        EXPECT_EQ(next(one), R"({"line":{"n":2}})");
    }
    EXPECT_TRUE(stream.has_ended());
}

TEST_F(Control, EndsStreamsWhenItCloses) {
    Stream stream;
    serve(stream.handler());
    auto one = client();
    ASSERT_EQ(one.write_line("{}", 5s), Transfer::done);
    stream.queue.push("1");
    EXPECT_EQ(next(one), R"({"line":1})");
    server->close();
    EXPECT_TRUE(stream.has_ended());
    EXPECT_FALSE(fs::exists(path()));
}

TEST_F(Control, TellsASlowReaderHowManyLinesItLost) {
    Stream stream;
    for (int n = 0; n < 10; ++n)
        stream.queue.push(R"("twelve bytes")");
    serve(stream.handler());
    auto one = client();
    ASSERT_EQ(one.write_line("{}", 5s), Transfer::done);
    for (int n = 0; n < 4; ++n)
        EXPECT_THAT(next(one), HasSubstr("line"));
    EXPECT_EQ(next(one), R"({"dropped":6})");
    // The reader goes before the queue does.
    server.reset();
}

TEST(StatusNames, CoverEveryStatus) {
    EXPECT_EQ(status_name(SW_OK), "OK");
    EXPECT_EQ(status_name(SW_UNAUTHENTICATED), "UNAUTHENTICATED");
    EXPECT_EQ(status_name(99), "UNKNOWN");
    EXPECT_EQ(status_name(-1), "UNKNOWN");
}

}  // namespace
}  // namespace streamwall::control
