// Lists from memory never lie: cached answers beside fresh ones, under writers on several threads.
#include "testing/list_fixture.hpp"

#include <streamwall/contracts/record.hpp>

#include <array>
#include <condition_variable>
#include <deque>
#include <random>
#include <set>
#include <thread>

namespace streamwall::catalog {
namespace {

using contracts::streams::Operation;
using testing::Listed;
using testing::listed;

constexpr int kWriters = 4;
constexpr int kSteps = 150;

// Events as a bus brings them: later, on a thread of its own, own ones as well as others'.
class LateBus {
  public:
    void publish(const StreamRecords::Heard& change) {
        const std::lock_guard lock(mutex_);
        queue_.push_back({change, std::string(change.changes)});
        wake_.notify_one();
    }
    void deliver_to(StreamRecords& one, StreamRecords& other) {
        thread_ = std::thread([this, &one, &other] {
            std::unique_lock lock(mutex_);
            while (true) {
                wake_.wait(lock, [&] { return stops_ || queue_.size() > kLag; });
                if (queue_.empty()) return;
                auto [change, changes] = std::move(queue_.front());
                queue_.pop_front();
                lock.unlock();
                change.changes = changes;
                one.heard(change);
                other.heard(change);
                lock.lock();
            }
        });
    }
    void finish() {
        {
            const std::lock_guard lock(mutex_);
            stops_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

  private:
    static constexpr std::size_t kLag = 20;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::pair<StreamRecords::Heard, std::string>> queue_;
    bool stops_ = false;
    std::thread thread_;
};

class ListTruth : public ::testing::Test {
  protected:
    ListTruth() {
        context.size = sizeof context;
        context.role = to_str("admin");
        context.deadline_ns = UINT64_MAX;
    }
    Buffer ask(StreamRecords& of, Operation operation, std::string_view request) {
        Result<Buffer> out = Error::internal("no reply yet");
        serve(of, operation, request, context,
              [&](Result<Buffer> reply) { out = std::move(reply); });
        EXPECT_TRUE(out) << out.error().message << " " << request;
        return out ? *out : Buffer(R"({"records":[]})");
    }
    Listed list(StreamRecords& of, std::string_view filters, std::string_view sort = "") {
        return listed(ask(of, Operation::kList,
                          R"({"limit":100,"count":true,"filters":)" + std::string(filters) +
                              std::string(sort) + "}")
                          .view());
    }

    // What one writer has done, in a city of its own, which nobody else writes to.
    class Writer {
      public:
        Writer(ListTruth& test, StreamRecords& records, int number)
            : test_(test),
              records_(records),
              city_("city " + std::to_string(number)),
              random_(77U + number) {}

        void step() {
            const auto dice = random_() % 10;
            if (live_.empty() || dice < 3) return create();
            auto at = live_.begin();
            std::advance(at, random_() % live_.size());
            const auto id = *at;
            if (dice < 4) {
                act(Operation::kRemove, id);
                live_.erase(at);
            } else if (dice < 5) {
                act(Operation::kArchive, id);
                live_.erase(at);
            } else if (dice < 8) {
                set(id, random_() % 2 == 0 ? R"("status":"live")" : R"("status":"offline")");
            } else {
                set(id, random_() % 2 == 0 ? R"("title":"Protest march")" : R"("title":"quiet")");
            }
        }
        // Its own writes are in its next list, all of them and nothing else.
        void check() {
            const auto all = test_.list(records_, R"({"city":[")" + city_ + R"("]})",
                                        R"(,"sort":"created_at","descending":false)");
            EXPECT_EQ(all.ids, std::vector(live_.begin(), live_.end())) << city_;
            EXPECT_EQ(all.count, static_cast<std::int64_t>(live_.size())) << city_;
        }

      private:
        void create() {
            const auto url =
                "https://example.com/" + city_.substr(5) + "/" + std::to_string(++made_);
            const auto body = R"({"url":")" + url + R"(","city":")" + city_ + "\"}";
            const auto reply = test_.ask(records_, Operation::kCreate,
                                         contracts::streams::Create{.body = body}.request().view());
            live_.insert(contracts::record_id(json::find_member(reply.view(), "stream")));
        }
        void act(Operation operation, std::int64_t id) {
            test_.ask(records_, operation, contracts::streams::id_request(id).view());
        }
        void set(std::int64_t id, const std::string& field) {
            const auto body = "{" + field + "}";
            const contracts::streams::Update update{.id = id, .body = body};
            test_.ask(records_, Operation::kUpdate, update.request().view());
        }

        ListTruth& test_;
        StreamRecords& records_;
        const std::string city_;
        std::mt19937 random_;
        int made_ = 0;
        std::set<std::int64_t> live_;
    };

    static constexpr std::array<const char*, 8> kFilters = {
        "{}",
        R"({"status":["live"]})",
        R"({"status":["live"],"archived":[true,false]})",
        R"({"not_status":["live"]})",
        R"({"search":["prot"]})",
        R"({"search":["example quie"],"status":["offline","unknown"]})",
        R"({"archived":[true]})",
        R"({"city":["city 1","city 2"]})"};

    sw_context context{};
    LateBus bus;
    testing::ListedStore store{[this](const auto& change) { bus.publish(change); }};
    // Two catalogs over one store.
    StreamRecords records{store, [] { return 1; }, std::size_t{16} << 20};
    StreamRecords other{store, [] { return 1; }, std::size_t{16} << 20};
};

TEST_F(ListTruth, HoldsForTheWriterAtOnceAndForAllInTheEnd) {
    bus.deliver_to(records, other);
    std::atomic<int> writing{kWriters};
    std::vector<std::thread> threads;
    for (int number = 0; number < kWriters; ++number) {
        threads.emplace_back([&, number] {
            Writer writer(*this, number % 2 == 0 ? records : other, number);
            for (int step = 0; step < kSteps; ++step) {
                writer.step();
                writer.check();
            }
            --writing;
        });
    }
    // Readers fill the cache with what is true at some moment between two writes.
    std::thread reader([&] {
        for (std::size_t round = 0; writing > 0; ++round)
            list(round % 2 == 0 ? records : other, kFilters[round / 2 % kFilters.size()]);
    });
    for (auto& thread : threads)
        thread.join();
    reader.join();
    bus.finish();
    for (const auto* filter : kFilters) {
        const auto cached = list(records, filter);
        StreamRecords fresh(store, [] { return 1; }, std::size_t{1} << 20);
        EXPECT_EQ(cached, list(fresh, filter)) << filter;
        EXPECT_EQ(cached, list(other, filter)) << "the other catalog: " << filter;
        const auto asked = store.queries();
        EXPECT_EQ(cached, list(records, filter)) << filter;
        EXPECT_EQ(store.queries(), asked) << "from memory: " << filter;
    }
}

}  // namespace
}  // namespace streamwall::catalog
