// Dead letters over three nodes that speak to each other directly; one of them has no journal.
#include "bus/envelope.hpp"
#include "runtime/nodes_service.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::runtime {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Keeps letters as a store does; replies hold two of them at most, as if they were large.
struct FakeJournal final : bus::JournalPort {
    static constexpr std::int64_t kMostInReply = 2;

    void call(Party& /*party*/, const char* method, const std::string& request,
              bus::Done<std::string> done) override {
        const auto body = json::parse(request).as_object();
        if (!is_there) return done(std::unexpected(Failure::of(SW_UNAVAILABLE, "no journal")));
        if (std::string_view(method) == "dead_letters") return done(list(body));
        const auto id = body.at("id").as_int64();
        if (std::erase_if(letters, [&](const auto& one) { return one.at("id") == id; }) == 0)
            return done(std::unexpected(Failure::of(SW_NOT_FOUND, "none")));
        done("{}");
    }
    void forget(Party& /*party*/) override {}
    std::string list(const json::object& body) const {
        json::array page;
        auto skip = body.contains("offset") ? body.at("offset").as_int64() : 0;
        const auto limit = std::min(body.at("limit").as_int64(), kMostInReply);
        for (const auto& letter : letters) {
            if (letter.at("id").as_int64() <= body.at("after").as_int64()) continue;
            if (skip-- > 0) continue;
            if (static_cast<std::int64_t>(page.size()) < limit) page.push_back(letter);
        }
        return json::serialize(json::object{{"dead_letters", page}, {"count", letters.size()}});
    }
    void add(std::int64_t id, const std::string& name) {
        letters.push_back(
            json::parse(
                fmt::format(R"({{"id":{},"name":"{}","event":{{"id":"evt-{}","type":"a.done",)"
                            R"("version":"1.0","timestamp":"2026-01-31T12:34:56.789Z",)"
                            R"("producer":"a@main","subject":"a/1","sequence":{},"epoch":"e",)"
                            R"("data":{{"secret":"large"}}}},"error":{{"message":"no"}}}})",
                            id, name, id, id))
                .as_object());
    }

    bool is_there = true;
    std::vector<json::object> letters;
};

struct World {
    exec::VirtualClock clock;
    exec::Timers timers{clock, exec::Timers::Mode::manual};
    exec::Pool pool{exec::PoolOptions{.workers = 0}};
    telemetry::Logger log{{.level = telemetry::Level::kOff, .sink = [](std::string_view) {}}};
    std::map<std::string, struct FakeNode*> nodes;

    void run() {
        while (pool.run_one()) {
        }
    }
};

struct FakeNode {
    FakeNode(World& in, std::string name_of)
        : world(in),
          name(std::move(name_of)),
          registry(in.clock, in.timers, exec::Strand::make("control", in.pool)) {
        world.nodes[name] = this;
        for (auto* party : {&kernel, &caller}) {
            party->instance = party == &kernel ? "kernel" : "rest-api";
            party->address = party->instance + "@" + name;
            party->strand = exec::Strand::make(party->instance, in.pool);
        }
        service = std::make_unique<NodesService>(registry, kernel, in.timers, in.clock, in.log,
                                                 local(), peers());
        registry.open(kernel);
    }
    ~FakeNode() {
        registry.withdraw(kernel, std::chrono::milliseconds(0));
        registry.forget_party(caller);
        registry.forget_party(kernel);
    }

    NodesService::Local local() {
        NodesService::Local out;
        out.node = name;
        out.describe = [this] { return json::object{{"node", name}, {"plugins", json::array()}}; };
        out.journal = &journal;
        out.keeps_journal = [this] { return keeps_journal; };
        out.redeliver = [this](const std::string& subscription, const bus::EventPtr& event,
                               std::function<void(sw_status)> done) {
            if (subscription != runs) return false;
            delivered.push_back(bus::render(event->raw()));
            done(outcome);
            return true;
        };
        return out;
    }
    NodesService::Peers peers() {
        NodesService::Peers out;
        out.list = [this] {
            std::vector<NodesService::Peer> list;
            for (const auto& [other, node] : world.nodes) {
                if (other != name && node->is_known) list.push_back({other, other, "", "1"});
            }
            return list;
        };
        out.call = [this](const std::string& peer, const std::string& method, const BufferRef& body,
                          const sw_context&, std::function<void(Answer)> done) {
            auto& node = *world.nodes.at(peer);
            if (!node.is_reachable)
                return done(std::unexpected(Failure::of(SW_UNAVAILABLE, "silence")));
            node.ask(method, std::string(body.text()), std::move(done));
        };
        return out;
    }

    using Answer = std::expected<BufferRef, Failure>;
    void ask(const std::string& method, const std::string& request,
             std::function<void(Answer)> done) {
        sw_context context{};
        context.size = sizeof context;
        context.role = str("admin");
        context.deadline_ns = world.clock.monotonic_ns() + 10'000'000'000;
        auto waiting = std::make_unique<std::function<void(Answer)>>(std::move(done));
        const BufferRef body(request);
        sw_buffer* reply = nullptr;
        ErrorSlot error;
        const auto status = registry.call(
            *registry.resolve(caller, "kernel.nodes", method), body.get(), &context,
            [](void* ctx, sw_status code, const sw_buffer* answer, const sw_error* why) {
                const std::unique_ptr<std::function<void(Answer)>> owned(
                    static_cast<std::function<void(Answer)>*>(ctx));
                if (code == SW_OK)
                    (*owned)(BufferRef::share(answer));
                else
                    (*owned)(std::unexpected(Failure::from(code, why)));
            },
            waiting.get(), nullptr, &reply, error.get());
        ASSERT_EQ(status, SW_PENDING);
        static_cast<void>(waiting.release());
    }

    World& world;
    const std::string name;
    services::Registry registry;
    Party kernel, caller;
    FakeJournal journal;
    bool keeps_journal = true, is_known = true, is_reachable = true;
    std::string runs;  // the subscription that is here
    sw_status outcome = SW_OK;
    std::vector<std::string> delivered;
    std::unique_ptr<NodesService> service;
};

class DeadLettersTest : public ::testing::Test {
  protected:
    DeadLettersTest() {
        api.journal.is_there = false;
        api.keeps_journal = false;
        for (const int id : {3, 5, 8})
            ingest.journal.add(id, "catalog@main/found");
        for (const int id : {1, 2, 9, 11})
            main.journal.add(id, "sheets");
    }
    std::expected<json::value, Failure> ask(const std::string& method, const std::string& request) {
        std::optional<FakeNode::Answer> answer;
        api.ask(method, request, [&](FakeNode::Answer given) { answer = std::move(given); });
        world.run();
        if (!answer) return std::unexpected(Failure::of(SW_INTERNAL, "no answer"));
        if (!*answer) return std::unexpected(answer->error());
        return json::parse((*answer)->text());
    }
    // "ingest:3" and so on.
    std::vector<std::string> listed(const std::string& request) {
        std::vector<std::string> out;
        const auto reply = ask("dead_letters", request);
        if (!reply) return {reply.error().message};
        for (const auto& letter : reply->at("dead_letters").as_array())
            out.push_back(fmt::format("{}:{}", letter.at("node").as_string().c_str(),
                                      letter.at("id").as_int64()));
        EXPECT_EQ(reply->at("count"), request.contains("node") ? 4 : 7);
        return out;
    }

    World world;
    FakeNode api{world, "api"}, ingest{world, "ingest"}, main{world, "main"};
};

TEST_F(DeadLettersTest, AreListedOverAllNodesPageByPage) {
    EXPECT_THAT(listed(R"({"limit":5})"),
                ElementsAre("ingest:3", "ingest:5", "ingest:8", "main:1", "main:2"));
    EXPECT_THAT(listed(R"({"limit":5,"offset":5})"), ElementsAre("main:9", "main:11"));
    EXPECT_THAT(listed(R"({"limit":2,"offset":2})"), ElementsAre("ingest:8", "main:1"));
    EXPECT_THAT(listed(R"({"limit":5,"offset":50})"), ElementsAre());
    EXPECT_THAT(listed(R"({"node":"main","after":1})"), ElementsAre("main:2", "main:9", "main:11"));
}

TEST_F(DeadLettersTest, AreListedWithoutWhatIsLargeAndReadWhole) {
    const auto list = ask("dead_letters", "{}");
    EXPECT_FALSE(list->at("dead_letters").at(0).at("event").as_object().contains("data"));
    const auto one = ask("dead_letter", R"({"node":"ingest","id":3})");
    EXPECT_EQ(one->at("event").at("data").at("secret"), "large");
    EXPECT_EQ(one->at("node"), "ingest");
}

TEST_F(DeadLettersTest, NameTheNodesThatCouldNotBeAsked) {
    ingest.is_reachable = false;
    const auto list = ask("dead_letters", "{}");
    EXPECT_EQ(list->at("unreachable"), json::parse(R"(["ingest"])"));
    EXPECT_EQ(list->at("count"), 4);
    ingest.is_reachable = true;
    ingest.journal.is_there = false;  // it should have one
    EXPECT_EQ(ask("dead_letters", "{}")->at("unreachable"), json::parse(R"(["ingest"])"));
}

TEST_F(DeadLettersTest, AreTriedAgainWhereverTheSubscriptionRuns) {
    main.runs = "catalog@main/found";
    EXPECT_TRUE(ask("dead_letter_retry", R"({"node":"ingest","id":5})"));
    ASSERT_EQ(main.delivered.size(), 1u);
    EXPECT_THAT(main.delivered[0], HasSubstr("evt-5"));
    EXPECT_THAT(main.delivered[0], HasSubstr("large"));
    const auto again = ask("dead_letter_retry", R"({"node":"ingest","id":5})");
    EXPECT_EQ(again.error().code, SW_NOT_FOUND);
    EXPECT_EQ(main.delivered.size(), 1u);
}

TEST_F(DeadLettersTest, AreKeptWhereARetryFailsOrNobodyIsThere) {
    const auto nobody = ask("dead_letter_retry", R"({"node":"ingest","id":5})");
    EXPECT_EQ(nobody.error().code, SW_ABORTED);
    EXPECT_THAT(nobody.error().message, HasSubstr("does not run"));
    ingest.runs = "catalog@main/found";
    ingest.outcome = SW_INVALID_ARGUMENT;
    const auto failed = ask("dead_letter_retry", R"({"node":"ingest","id":5})");
    EXPECT_EQ(failed.error().code, SW_ABORTED);
    EXPECT_THAT(failed.error().details, HasSubstr("order_failed"));
    EXPECT_TRUE(ask("dead_letter", R"({"node":"ingest","id":5})"));
}

TEST_F(DeadLettersTest, AreDroppedOnce) {
    EXPECT_TRUE(ask("dead_letter_drop", R"({"node":"main","id":9})"));
    EXPECT_EQ(ask("dead_letter_drop", R"({"node":"main","id":9})").error().code, SW_NOT_FOUND);
    EXPECT_EQ(main.journal.letters.size(), 3u);
}

TEST_F(DeadLettersTest, AreNotFoundWhereThereAreNone) {
    struct Case {
        const char* method;
        const char* body;
        sw_status code;
    };
    const Case cases[] = {{"dead_letter", R"({"node":"api","id":1})", SW_NOT_FOUND},
                          {"dead_letter_drop", R"({"node":"api","id":1})", SW_NOT_FOUND},
                          {"dead_letter", R"({"node":"main","id":4})", SW_NOT_FOUND},
                          {"dead_letter", R"({"node":"moon","id":4})", SW_NOT_FOUND},
                          {"dead_letter", R"({"node":"main"})", SW_INVALID_ARGUMENT},
                          {"dead_letter_retry", R"({"node":"main","id":"1"})", SW_INVALID_ARGUMENT},
                          {"redeliver", R"({"name":"sheets"})", SW_INVALID_ARGUMENT}};
    for (const auto& [method, body, code] : cases)
        EXPECT_EQ(ask(method, body).error().code, code) << method << body;
}

}  // namespace
}  // namespace streamwall::runtime
