// Clients for tests of the local transport, and ways to wait for what other threads do.
#pragma once

#include "transport/local/broker.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <functional>
#include <future>
#include <string>

namespace streamwall::transport {

inline constexpr std::chrono::seconds kPatience{20};  // where the answer is sure to come

// What callbacks on other threads have brought so far.
template <class T>
class Collected {
  public:
    void add(T one) {
        std::lock_guard lock(mutex_);
        all_.push_back(std::move(one));
        changed_.notify_all();
    }
    // The first `count` of them, or fewer where they do not come.
    std::vector<T> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, kPatience, [&] { return all_.size() >= count; });
        return all_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<T> all_;
};

struct Reply {
    std::string body;
    Failure failure;
};

inline Reply ask(Transport& from, std::string_view subject, std::string_view body,
                 std::chrono::nanoseconds timeout = kPatience) {
    auto promise = std::make_shared<std::promise<Reply>>();
    auto future = promise->get_future();
    auto failure = from.request(
        subject, BufferRef(body), timeout, [promise](const sw_buffer* answer, const Failure& why) {
            promise->set_value({std::string(answer ? view(answer) : ""), why});
        });
    if (failure.code != SW_OK) return {"", failure};
    if (future.wait_for(2 * kPatience) != std::future_status::ready) {
        return {"", Failure::of(SW_INTERNAL, "on_answer has not run")};
    }
    return future.get();
}

// Serves `subject` with the body it gets and a name.
inline std::uint64_t serve(Transport& transport, std::string subject, std::string name,
                           std::string group = "call") {
    return transport
        .subscribe(subject, group,
                   [&transport, name](const Message& message) {
                       const BufferRef answer(name + ":" + std::string(view(message.body)));
                       static_cast<void>(transport.publish(message.reply, {}, answer));
                   })
        .value();
}

// A broker, and children in this process that are as far away as other processes.
class LocalTransport : public testing::Test {
  protected:
    LocalTransport() { serve(broker, "barrier", "host"); }

    std::unique_ptr<LocalClient> child(LocalBroker::GoneFn on_gone = {}) {
        return std::make_unique<LocalClient>(broker.add_client(std::move(on_gone)).value());
    }
    // Everything that the child sent before has been dealt with.
    static void settle(Transport& transport) {
        EXPECT_EQ(ask(transport, "barrier", "").failure.code, SW_OK);
    }
    static void write_all(const Descriptor& socket, std::string_view bytes) {
        while (!bytes.empty()) {
            const auto count = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            ASSERT_GT(count, 0);
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    static std::string bytes_of(const WireFrame& frame) {
        const auto head = encode_head(frame);
        std::string out(head.data(), head.size());
        return out.append(frame.subject).append(frame.second).append(frame.body);
    }
    // The next frame that comes over a bare socket.
    static WireFrame next_frame(const Descriptor& socket, WireReader& reader) {
        for (;;) {
            auto frame = reader.next();
            if (!frame) ADD_FAILURE() << frame.error();
            if (!frame || *frame) return frame ? **frame : WireFrame{};
            const auto space = reader.space();
            const auto count = ::recv(socket.get(), space.data(), space.size(), 0);
            if (count <= 0) return {};
            reader.filled(static_cast<std::size_t>(count));
        }
    }

    Collected<std::string> gone;  // why clients of a test have ended; the broker may add to it
    LocalBroker broker;
};

}  // namespace streamwall::transport
