// Children that do not behave: what they send and do not read costs them alone.
#include "transport/local/test_clients.hpp"

#include <gmock/gmock.h>

#include <random>

namespace streamwall::transport {
namespace {

using testing::HasSubstr;

class BadChild : public LocalTransport {
  protected:
    // A child that speaks bytes.
    Descriptor bare() {
        return broker.add_client([this](const std::string& reason) { gone.add(reason); }).value();
    }
    void subscribe(const Descriptor& socket, std::string_view pattern) {
        write_all(socket,
                  bytes_of({.kind = FrameKind::subscribe, .number = 1, .subject = pattern}));
        write_all(socket,
                  bytes_of({.kind = FrameKind::request, .number = 1, .subject = "barrier"}));
        WireReader reader;
        EXPECT_EQ(next_frame(socket, reader).kind, FrameKind::answer);
    }
};

TEST_F(BadChild, IsDroppedAloneForWhatCannotBeUnderstood) {
    auto good = child();
    serve(*good, "work", "good");
    settle(*good);
    std::string noise(4096, '\0');
    std::mt19937 random(7);
    for (char& c : noise)
        c = static_cast<char>(random());
    const std::string wrong_way =
        bytes_of({.kind = FrameKind::message, .number = 1, .subject = "work"});
    const std::string twice =
        bytes_of({.kind = FrameKind::request, .number = 1, .subject = "work", .body = "x"});
    const struct {
        std::string bytes;
        const char* reason;
    } cases[] = {{noise, "cannot be understood"},
                 {std::string(100, '\xff'), "a frame is too long"},
                 {wrong_way, "meant for children"}};
    std::size_t dropped = 0;
    for (const auto& one : cases) {
        const auto bad = bare();
        write_all(bad, one.bytes);
        const auto reasons = gone.wait_for(++dropped);
        ASSERT_EQ(reasons.size(), dropped);
        EXPECT_THAT(reasons.back(), HasSubstr(one.reason));
        char byte = 0;
        EXPECT_LE(::recv(bad.get(), &byte, 1, 0), 0) << "its end is closed";
        EXPECT_EQ(ask(broker, "work", "a").body, "good:a");
    }
}

TEST_F(BadChild, IsDroppedForTwoRequestsWithOneNumber) {
    static_cast<void>(broker.subscribe("silent", "", [](const Message&) {}));
    const auto bad = bare();
    const auto request = bytes_of({.kind = FrameKind::request, .number = 1, .subject = "silent"});
    write_all(bad, request + request);
    EXPECT_THAT(gone.wait_for(1).at(0), HasSubstr("two requests have one number"));
}

TEST_F(BadChild, CannotAnswerWhatAnotherWasAsked) {
    auto good = child();
    std::promise<std::string> asked;
    static_cast<void>(good->subscribe(
        "work", "", [&](const Message& message) { asked.set_value(std::string(message.reply)); }));
    settle(*good);
    auto reply = std::async(std::launch::async, [&] { return ask(broker, "work", ""); });
    const auto subject = asked.get_future().get();
    const auto bad = bare();
    write_all(bad, bytes_of({.kind = FrameKind::publish, .subject = subject, .body = "forged"}));
    write_all(bad, bytes_of({.kind = FrameKind::publish, .subject = "_reply.x", .body = "forged"}));
    subscribe(bad, "settled");
    static_cast<void>(good->publish(subject, {}, BufferRef("true")));
    EXPECT_EQ(reply.get().body, "true");
}

TEST_F(BadChild, ThatDoesNotReadLosesMessagesAndHoldsUpNobody) {
    auto good = child();
    Collected<int> seen;
    static_cast<void>(good->subscribe("news", "", [&](const Message&) { seen.add(1); }));
    serve(*good, "work", "good");
    settle(*good);
    const auto slow = bare();
    subscribe(slow, "news");
    const BufferRef large(std::string(kMaxMessage, 'x'));
    constexpr int kCount = 40;  // twice what waits for it at most
    for (int n = 0; n < kCount; ++n) {
        EXPECT_EQ(broker.publish("news", {}, large).code, SW_OK);
        seen.wait_for(static_cast<std::size_t>(n) + 1);
    }
    EXPECT_EQ(seen.wait_for(kCount).size(), std::size_t{kCount});
    EXPECT_GT(broker.dropped(), 0u);
    EXPECT_EQ(ask(broker, "work", "a").body, "good:a");
    // What did fit arrives whole and in order once it reads.
    WireReader reader;
    for (int n = 0; n < 10; ++n)
        EXPECT_EQ(next_frame(slow, reader).body.size(), kMaxMessage);
}

TEST_F(BadChild, ThatDoesNotReadRefusesRequestsWhenItsQueueIsFull) {
    auto good = child();
    const auto slow = bare();
    subscribe(slow, "work");
    const BufferRef large(std::string(kMaxMessage, 'x'));
    Failure refused;
    for (int n = 0; n < 100 && refused.code == SW_OK; ++n) {
        refused = broker.request("work", large, kPatience,
                                 [](const sw_buffer* /*body*/, const Failure& /*failure*/) {});
    }
    EXPECT_EQ(refused.code, SW_RESOURCE_EXHAUSTED);
    EXPECT_EQ(ask(*good, "work", large.text()).failure.code, SW_RESOURCE_EXHAUSTED);
}

TEST_F(BadChild, LearnsThatItsAnswerFindsNoRoom) {
    serve(broker, "large", std::string(kMaxMessage - 1, 'x'));
    const auto slow = bare();
    constexpr std::uint64_t kCount = 40;
    for (std::uint64_t number = 1; number <= kCount; ++number) {
        write_all(slow,
                  bytes_of({.kind = FrameKind::request, .number = number, .subject = "large"}));
    }
    write_all(slow, bytes_of({.kind = FrameKind::request, .number = 99, .subject = "barrier"}));
    // It reads only now that all of them have been answered.
    while (broker.dropped() == 0)
        std::this_thread::yield();
    WireReader reader;
    std::map<int, int> statuses;
    for (std::uint64_t n = 0; n < kCount; ++n)
        ++statuses[next_frame(slow, reader).status];
    EXPECT_GT(statuses[SW_OK], 0);
    EXPECT_GT(statuses[SW_RESOURCE_EXHAUSTED], 0);
    EXPECT_EQ(statuses[SW_OK] + statuses[SW_RESOURCE_EXHAUSTED], static_cast<int>(kCount));
}

}  // namespace
}  // namespace streamwall::transport
