// The fake listener. Table functions without `self` find it through the one that lives: a test has
// one.
#include "fake_http.hpp"

#include <streamwall/sdk/buffer.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace streamwall::hub {

namespace {

struct TestBuffer {
    sw_buffer raw;
    std::atomic<int> references{1};
    std::unique_ptr<char[]> bytes;
};

TestBuffer* to_test(const sw_buffer* raw) {
    return reinterpret_cast<TestBuffer*>(const_cast<sw_buffer*>(raw));
}

sw_buffer* create_buffer(std::size_t length, char** writable) {
    auto* out = new TestBuffer{{sizeof(sw_buffer), 0, nullptr, length}, 1, {}};
    out->bytes = std::make_unique<char[]>(length + 1);
    out->raw.data = *writable = out->bytes.get();
    return &out->raw;
}

void retain_buffer(const sw_buffer* raw) {
    ++to_test(raw)->references;
}

void release_buffer(const sw_buffer* raw) {
    if (raw && --to_test(raw)->references == 0) delete to_test(raw);
}

std::string text_of(const sw_buffer* payload) {
    return {payload->data, payload->length};
}

FakeHttp* the_one = nullptr;

void require(bool holds, const char* what) {
    if (holds) return;
    ADD_FAILURE() << what;
    std::abort();
}

}  // namespace

void install_test_buffers() {
    static constexpr sw_buffer_api kApi = {sizeof(sw_buffer_api), 0, create_buffer, retain_buffer,
                                           release_buffer};
    detail::buffer_table = &kApi;
}

FakeHttp::FakeHttp() {
    install_test_buffers();
    require(std::exchange(the_one, this) == nullptr, "one fake listener at a time");
    table_.size = sizeof table_;
    table_.mount_ws = [](void* self, sw_lease* lease, const sw_ws_endpoint* endpoint, sw_error*) {
        require(lease == from(self).lease(), "mounted under another lease");
        from(self).endpoint_ = *endpoint;
        return SW_OK;
    };
    table_.ws_retain = [](sw_ws_connection* connection) {
        const std::lock_guard lock(the_one->mutex_);
        ++connection->references;
    };
    table_.ws_release = [](sw_ws_connection* connection) {
        const std::lock_guard lock(the_one->mutex_);
        --connection->references;
    };
    table_.ws_send = [](sw_ws_connection* connection, const sw_buffer* payload) {
        const std::lock_guard lock(the_one->mutex_);
        the_one->deliver(connection, payload, {});
    };
    table_.ws_send_to_all = [](sw_ws_connection* const* connections, std::size_t count,
                               const sw_buffer* payload) {
        const std::lock_guard lock(the_one->mutex_);
        for (std::size_t i = 0; i < count; ++i)
            the_one->deliver(connections[i], payload, {});
    };
    table_.ws_when_written = [](sw_ws_connection* connection) {
        const std::lock_guard lock(the_one->mutex_);
        require(connection->references > 0, "asked a connection without a reference");
        connection->wants_written = true;
    };
    table_.ws_watch = [](sw_ws_connection* connection, std::uint32_t silence_ms) {
        const std::lock_guard lock(the_one->mutex_);
        require(!connection->gone, "watched after on_close");
        connection->silence_ms = silence_ms;
    };
    table_.ws_close = [](sw_ws_connection* connection, std::int32_t code, sw_str) {
        const std::lock_guard lock(the_one->mutex_);
        require(connection->references > 0, "closed a connection without a reference");
        if (connection->close_code == 0) connection->close_code = code;
    };
    table_.topic_open = [](void* self, sw_lease*) {
        const std::lock_guard lock(from(self).mutex_);
        return *from(self).topics_.insert(new sw_ws_topic).first;
    };
    table_.topic_close = [](sw_ws_topic* topic) {
        const std::lock_guard lock(the_one->mutex_);
        require(the_one->topics_.erase(topic) == 1, "closed a topic twice");
        delete topic;
    };
    table_.topic_join = [](sw_ws_topic* topic, sw_ws_connection* connection) {
        const std::lock_guard lock(the_one->mutex_);
        require(the_one->topics_.contains(topic), "joined a closed topic");
        require(!connection->gone, "joined after on_close");
        topic->members.insert(connection);
    };
    table_.topic_leave = [](sw_ws_topic* topic, sw_ws_connection* connection) {
        const std::lock_guard lock(the_one->mutex_);
        require(the_one->topics_.contains(topic), "left a closed topic");
        topic->members.erase(connection);
    };
    table_.topic_publish = [](sw_ws_topic* topic, const sw_buffer* payload, sw_str merge_key) {
        const std::lock_guard lock(the_one->mutex_);
        require(the_one->topics_.contains(topic), "published to a closed topic");
        for (auto* member : topic->members)
            the_one->deliver(member, payload, merge_key);
    };
}

FakeHttp::~FakeHttp() {
    EXPECT_EQ(topics_.size(), 0U) << "topics were left open";
    for (const auto& connection : connections_) {
        EXPECT_EQ(connection->references, 1) << "a reference to a connection was kept";
    }
    the_one = nullptr;
}

void FakeHttp::deliver(sw_ws_connection* connection, const sw_buffer* payload, sw_str merge_key) {
    require(connection->references > 0, "sent to a connection without a reference");
    if (connection->gone || connection->close_code != 0) return;
    connection->sent.push_back(text_of(payload));
    connection->merge_keys.emplace_back(to_view(merge_key));
}

sw_ws_connection* FakeHttp::connect(const FakeClient& client) {
    sw_ws_connection* connection = nullptr;
    {
        const std::lock_guard lock(mutex_);
        connection = connections_.emplace_back(std::make_unique<sw_ws_connection>()).get();
    }
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = to_str(client.principal_type);
    context.principal_id = to_str(client.principal_id);
    context.role = to_str(client.role);
    context.scopes = to_str(client.scopes);
    sw_http_request request{};
    request.size = sizeof request;
    request.context = &context;
    request.query = to_str(client.query);
    connection->user =
        endpoint_.on_open(endpoint_.ctx, connection, &request, to_str(client.protocol));
    return connection;
}

void FakeHttp::receive(sw_ws_connection* connection, std::string_view text, bool is_text) {
    endpoint_.on_message(endpoint_.ctx, connection, connection->user, to_str(text), is_text);
}

int FakeHttp::write_all() {
    std::vector<sw_ws_connection*> asked;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& connection : connections_) {
            if (std::exchange(connection->wants_written, false) && !connection->gone) {
                asked.push_back(connection.get());
            }
        }
    }
    for (auto* connection : asked)
        endpoint_.on_written(endpoint_.ctx, connection, connection->user);
    return static_cast<int>(asked.size());
}

void FakeHttp::disconnect(sw_ws_connection* connection) {
    {
        const std::lock_guard lock(mutex_);
        for (auto* topic : topics_)
            topic->members.erase(connection);
        connection->gone = true;
    }
    endpoint_.on_close(endpoint_.ctx, connection, connection->user, 1000);
}

std::vector<std::string> FakeHttp::sent(sw_ws_connection* connection) {
    const std::lock_guard lock(mutex_);
    return connection->sent;
}

std::vector<std::string> FakeHttp::news(sw_ws_connection* connection) {
    const std::lock_guard lock(mutex_);
    const auto& all = connection->sent;
    const auto from = std::exchange(connection->read, all.size());
    return {all.begin() + static_cast<std::ptrdiff_t>(from), all.end()};
}

int FakeHttp::open_topics() {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(topics_.size());
}

}  // namespace streamwall::hub
