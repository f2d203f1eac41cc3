// The table is called as its contract says, and not at all once the plugin has stopped.
#include "transport/plugin_transport.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace streamwall::transport {
namespace {

// A plugin's side: keeps what it is told and answers when the test says so.
struct FakePlugin {
    struct Subscribed {
        std::string pattern, group;
        sw_message_fn on_message;
        void* ctx;
    };
    std::map<std::uint64_t, Subscribed> subscriptions;
    std::vector<std::string> published;
    sw_answer_fn on_answer = nullptr;
    void* answer_ctx = nullptr;
    sw_transport_state_fn on_state = nullptr;
    void* state_ctx = nullptr;
    int calls = 0;
    bool refuses = false;

    sw_status refuse(sw_error* error) {
        return refuses ? fill(error, Failure::of(SW_RESOURCE_EXHAUSTED, "full")) : SW_OK;
    }
    void deliver(std::string_view subject, std::string_view reply, std::string_view body) {
        const BufferRef buffer(body);
        const sw_message message{sizeof message, 0, str(subject), str(reply), buffer.get()};
        for (const auto& [id, one] : std::map(subscriptions))
            one.on_message(one.ctx, &message);
    }
    static FakePlugin& of(void* self) {
        auto& plugin = *static_cast<FakePlugin*>(self);
        ++plugin.calls;
        return plugin;
    }
    static const sw_transport_api table;
};

const sw_transport_api FakePlugin::table{
    sizeof(sw_transport_api),
    0,
    [](void* self, sw_str subject, sw_str reply, const sw_buffer* body, sw_error* error) {
        auto& plugin = of(self);
        plugin.published.push_back(std::string(view(subject)) + "|" + std::string(view(reply)) +
                                   "|" + std::string(view(body)));
        return plugin.refuse(error);
    },
    [](void* self, sw_str, const sw_buffer*, std::uint64_t, sw_answer_fn on_answer, void* ctx,
       sw_error* error) {
        auto& plugin = of(self);
        plugin.on_answer = on_answer;
        plugin.answer_ctx = ctx;
        return plugin.refuse(error);
    },
    [](void* self, sw_str pattern, sw_str group, sw_message_fn on_message, void* ctx,
       std::uint64_t* id, sw_error* error) {
        auto& plugin = of(self);
        *id = plugin.subscriptions.size() + 1;
        plugin.subscriptions[*id] = {std::string(view(pattern)), std::string(view(group)),
                                     on_message, ctx};
        return plugin.refuse(error);
    },
    [](void* self, std::uint64_t id) { of(self).subscriptions.erase(id); },
    [](void* self, sw_transport_state_fn on_state, void* ctx) {
        auto& plugin = of(self);
        plugin.on_state = on_state;
        plugin.state_ctx = ctx;
        if (on_state) on_state(ctx, 0, str("no cable"));
    }};

TEST(PluginTransport, PassesMessagesRequestsAndStatesThrough) {
    FakePlugin plugin;
    PluginTransport transport(FakePlugin::table, &plugin);
    EXPECT_EQ(transport.publish("a.b", "r", BufferRef("1")).code, SW_OK);
    EXPECT_EQ(plugin.published, std::vector<std::string>{"a.b|r|1"});
    std::vector<std::string> seen;
    const auto id = transport.subscribe("a.*", "g", [&](const Message& message) {
        seen.push_back(std::string(message.subject) + "|" + std::string(message.reply) + "|" +
                       std::string(view(message.body)));
    });
    ASSERT_TRUE(id);
    EXPECT_EQ(plugin.subscriptions.at(*id).group, "g");
    plugin.deliver("a.c", "r2", "2");
    EXPECT_EQ(seen, std::vector<std::string>{"a.c|r2|2"});
    std::string state;
    transport.watch([&](bool connected, std::string_view reason) {
        state = connected ? "up" : std::string(reason);
    });
    EXPECT_EQ(state, "no cable");
    plugin.on_state(plugin.state_ctx, 1, {});
    EXPECT_EQ(state, "up");
    std::string answer;
    transport.request("a", BufferRef("1"), std::chrono::seconds(1),
                      [&](const sw_buffer* body, const Failure&) { answer = view(body); });
    plugin.on_answer(plugin.answer_ctx, SW_OK, BufferRef("2").get(), nullptr);
    EXPECT_EQ(answer, "2");
}

TEST(PluginTransport, ARefusedRequestIsNeverAnswered) {
    FakePlugin plugin;
    plugin.refuses = true;
    PluginTransport transport(FakePlugin::table, &plugin);
    int answers = 0;
    const auto failure = transport.request("a", BufferRef("1"), std::chrono::seconds(1),
                                           [&](const sw_buffer*, const Failure&) { ++answers; });
    EXPECT_EQ(failure.code, SW_RESOURCE_EXHAUSTED);
    EXPECT_EQ(failure.message, "full");
    EXPECT_EQ(answers, 0);
    EXPECT_FALSE(transport.subscribe("a", "", [](const Message&) {}));
}

TEST(PluginTransport, ACallbackMayEndItsOwnSubscription) {
    FakePlugin plugin;
    PluginTransport transport(FakePlugin::table, &plugin);
    int seen = 0;
    std::uint64_t id = 0;
    const std::string kept(100, 'x');
    id = *transport.subscribe("a", "", [&, kept](const Message&) {
        transport.unsubscribe(id);
        seen += kept.size() == 100;
    });
    plugin.deliver("a", "", "");
    plugin.deliver("a", "", "");
    EXPECT_EQ(seen, 1);
}

TEST(PluginTransport, NothingReachesAPluginThatHasStoppedButItsLateAnswerArrives) {
    FakePlugin plugin;
    PluginTransport transport(FakePlugin::table, &plugin);
    ASSERT_TRUE(transport.subscribe("a", "", [](const Message&) {}));
    transport.watch([](bool, std::string_view) {});
    sw_status late = SW_OK;
    transport.request("a", BufferRef("1"), std::chrono::seconds(1),
                      [&](const sw_buffer*, const Failure& failure) { late = failure.code; });
    transport.close();
    EXPECT_TRUE(plugin.subscriptions.empty());
    EXPECT_EQ(plugin.on_state, nullptr);
    const auto before = plugin.calls;
    EXPECT_EQ(transport.publish("a", "", BufferRef("1")).code, SW_UNAVAILABLE);
    EXPECT_EQ(
        transport.request("a", BufferRef("1"), std::chrono::seconds(1), [](auto*, auto&) {}).code,
        SW_UNAVAILABLE);
    EXPECT_FALSE(transport.subscribe("a", "", [](const Message&) {}));
    EXPECT_EQ(plugin.calls, before);
    const ErrorSlot error(Failure::unavailable("stopped"));
    plugin.on_answer(plugin.answer_ctx, SW_UNAVAILABLE, nullptr,
                     const_cast<ErrorSlot&>(error).get());
    EXPECT_EQ(late, SW_UNAVAILABLE);
}

}  // namespace
}  // namespace streamwall::transport
