// A client on a loop of its own, as a test sees it: what it told, and waiting for that.
#pragma once

#include "client.hpp"

#include <streamwall/sdk/io_loop.hpp>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace streamwall::twitch {

// Times that suit a test: everything that waits for nothing waits briefly.
inline ClientOptions quick_options(Address address, std::vector<std::string> channels) {
    using namespace std::chrono_literals;
    ClientOptions out;
    out.address = std::move(address);
    out.session.channels = std::move(channels);
    out.session.registration_timeout = 300ms;
    out.session.ping_interval = 100ms;
    out.session.ping_timeout = 300ms;
    out.session.join_timeout = 10s;
    out.connect_timeout = 5s;
    out.backoff_first = 1ms;
    out.backoff_cap = 20ms;
    return out;
}

class RunningClient final : private ClientObserver {
  public:
    explicit RunningClient(ClientOptions options, std::string ca_file = {}) : loop_("test-client") {
        on_loop([&] {
            auto factory = StreamFactory::make(
                loop_.context(), {options.address.tls ? options.address.host : "", ca_file});
            if (!factory) throw std::runtime_error(factory.error().message);
            client_ =
                std::make_unique<Client>(loop_.context(), std::move(*factory), std::move(options),
                                         static_cast<ClientObserver&>(*this));
            client_->start();
        });
    }
    ~RunningClient() override {
        on_loop([&] { client_->stop(); });
        loop_.join();
    }

    // Waits for `health` with a reason that holds `reason`, among what no wait has seen yet.
    bool wait_for_health(Health health, const std::string& reason) {
        return wait([&] {
            while (seen_ < healths_.size()) {
                const auto& [told, why] = healths_[seen_++];
                if (told == health && why.find(reason) != std::string::npos) return true;
            }
            return false;
        });
    }
    bool wait_for_posts(const std::vector<std::string>& texts) {
        return wait([&] { return posts_ == texts; });
    }
    bool wait_for_losses(int count) {
        return wait([&] { return losses_ >= count; });
    }
    bool gave_up() {
        return wait([&] { return gave_up_; });
    }

  private:
    void on_loop(std::function<void()> body) {
        std::packaged_task<void()> task(std::move(body));
        auto done = task.get_future();
        loop_.executor()->post(
            loop_.executor()->self,
            [](void* arg) { (*static_cast<std::packaged_task<void()>*>(arg))(); }, &task);
        done.get();
    }
    bool wait(const std::function<bool()>& condition) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(20), condition);
    }
    template <class Body>
    void note(Body body) {
        {
            const std::lock_guard lock(mutex_);
            body();
        }
        changed_.notify_all();
    }
    void on_post(const Post& post) override {
        note([&] { posts_.emplace_back(post.text); });
    }
    void on_health(Health health, const std::string& reason) override {
        note([&] { healths_.emplace_back(health, reason); });
    }
    void on_registered() override {}
    void on_lost(const SessionEnd&, std::optional<std::chrono::milliseconds> retry_in) override {
        note([&] {
            ++losses_;
            gave_up_ = !retry_in;
        });
    }

    IoLoop loop_;
    std::unique_ptr<Client> client_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::pair<Health, std::string>> healths_;
    std::size_t seen_ = 0;  // healths that a wait has looked at
    std::vector<std::string> posts_;
    int losses_ = 0;
    bool gave_up_ = false;
};

}  // namespace streamwall::twitch
