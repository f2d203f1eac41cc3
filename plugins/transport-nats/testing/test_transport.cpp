// A transport and what it told.
#include "test_transport.hpp"

#include <heap_buffers.hpp>

#include <algorithm>
#include <stdexcept>

namespace streamwall::transport_nats::testing {
namespace {

using namespace std::chrono_literals;

struct PendingReply {
    std::mutex mutex;
    std::condition_variable ended;
    std::vector<Reply> replies;

    static void on_answer(void* ctx, sw_status status, const sw_buffer* body,
                          const sw_error* error) {
        auto& self = *static_cast<PendingReply*>(ctx);
        const std::lock_guard lock(self.mutex);
        self.replies.push_back({status,
                                body != nullptr ? std::string(body->data, body->length) : "",
                                error != nullptr ? error->message : ""});
        self.ended.notify_all();
    }
};

void on_message(void* ctx, const sw_message* message) {
    auto& inbound = *static_cast<TestTransport::Inbound*>(ctx);
    if (inbound.handle) inbound.handle(*message);
    inbound.add({std::string(to_view(message->subject)), std::string(to_view(message->reply)),
                 std::string(message->body->data, message->body->length)});
}

void on_state(void* ctx, std::int32_t connected, sw_str reason) {
    static_cast<Recorded<State>*>(ctx)->add({connected == 1, std::string(to_view(reason))});
}

}  // namespace

Options options_for(const std::string& url) {
    Options out;
    auto servers = parse_servers({url});
    if (!servers) throw std::invalid_argument(servers.error().message);
    out.servers = std::move(*servers);
    out.ping_interval = 200ms;
    out.ping_timeout = 1s;
    out.backoff_first = 10ms;
    out.backoff_cap = 100ms;
    return out;
}

TestTransport::TestTransport(Options options)
    : transport_(
          std::make_unique<Transport>(std::move(options), static_cast<TransportObserver&>(*this))) {
    table().watch(self(), &on_state, &states);
    transport_->start();
}

TestTransport::~TestTransport() {
    if (transport_ == nullptr) return;
    for (const auto& inbound : inbounds_)
        unsubscribe(*inbound);
    table().watch(self(), nullptr, nullptr);
    stop();
}

void TestTransport::stop() {
    transport_->stop();
    stopped_.wait_for_count(1);
}

bool TestTransport::wait_until_connected(std::chrono::milliseconds limit) {
    return states.wait([](const auto& all) { return !all.empty() && all.back().connected; }, limit);
}

bool TestTransport::wait_until_disconnected(std::chrono::milliseconds limit) {
    return states.wait([](const auto& all) { return !all.empty() && !all.back().connected; },
                       limit);
}

::testing::AssertionResult TestTransport::wait_for_loss(const std::string& text,
                                                        std::chrono::milliseconds limit) {
    const auto holds = [&](const std::string& reason) { return reason.find(text) != reason.npos; };
    if (losses_.wait([&](const auto& all) { return std::ranges::any_of(all, holds); }, limit)) {
        return ::testing::AssertionSuccess();
    }
    auto failure = ::testing::AssertionFailure() << "reasons were:";
    for (const auto& reason : losses_.all())
        failure << "\n" << reason;
    return failure;
}

bool TestTransport::is_connected() const {
    const auto all = states.all();
    return !all.empty() && all.back().connected;
}

sw_status TestTransport::publish(const std::string& subject, const std::string& body,
                                 const std::string& reply) {
    const Buffer buffer{std::string_view(body)};
    return table().publish(self(), to_str(subject), to_str(reply), buffer.get(), nullptr);
}

TestTransport::Inbound& TestTransport::subscribe(const std::string& pattern,
                                                 const std::string& group,
                                                 std::function<void(const sw_message&)> handle) {
    auto& inbound = *inbounds_.emplace_back(std::make_unique<Inbound>());
    inbound.handle = std::move(handle);
    const auto status = table().subscribe(self(), to_str(pattern), to_str(group), &on_message,
                                          &inbound, &inbound.id, nullptr);
    if (status != SW_OK) throw std::invalid_argument("subscribe " + pattern);
    return inbound;
}

void TestTransport::unsubscribe(const Inbound& inbound) {
    table().unsubscribe(self(), inbound.id);
}

TestTransport::Inbound& TestTransport::serve(const std::string& pattern, const std::string& prefix,
                                             const std::string& group) {
    return subscribe(pattern, group, [this, prefix](const sw_message& message) {
        publish(std::string(to_view(message.reply)),
                prefix + std::string(message.body->data, message.body->length));
    });
}

Reply TestTransport::request(const std::string& subject, const std::string& body,
                             std::chrono::milliseconds timeout) {
    const Buffer buffer{std::string_view(body)};
    PendingReply pending;
    ErrorSlot error;
    const auto status =
        table().request(self(), to_str(subject), buffer.get(),
                        static_cast<std::uint64_t>(std::chrono::nanoseconds(timeout).count()),
                        &PendingReply::on_answer, &pending, error.get());
    if (status != SW_OK) return {status, "", error.take(status).message};
    std::unique_lock lock(pending.mutex);
    pending.ended.wait(lock, [&] { return !pending.replies.empty(); });
    return pending.replies.front();
}

void TestTransport::settle() {
    request("nobody.is.here", "");
}

void TestTransport::on_connected(const std::string& /*server*/) {}

void TestTransport::on_disconnected(const std::string& reason,
                                    std::chrono::milliseconds /*retry_in*/) {
    losses_.add(reason);
}

void TestTransport::on_problem(std::string_view what) {
    problems.add(std::string(what));
}

void TestTransport::on_stopped() {
    stopped_.add(true);
}

}  // namespace streamwall::transport_nats::testing
