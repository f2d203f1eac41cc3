// The load that the benchmarks of storage back ends share: a table like the real one, clients that
// each wait for their answer before they ask again, and what is printed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "storage-sql/call.hpp"

namespace streamwall::bench {

using Clock = std::chrono::steady_clock;

inline constexpr int kRecords = 5000;

// The collection of streams, about as wide as the real one.
inline constexpr const char* kDeclare = R"({"collections":[{"name":"streams","fields":[
    {"name":"url","type":"text"},{"name":"title","type":"text"},{"name":"source","type":"text"},
    {"name":"platform","type":"text"},{"name":"status","type":"text"},{"name":"kind","type":"text"},
    {"name":"orientation","type":"text"},{"name":"city","type":"text"},
    {"name":"state","type":"text"},{"name":"country","type":"text"},
    {"name":"posted_by","type":"text"},{"name":"notes","type":"text"},
    {"name":"pinned","type":"boolean","default":false},
    {"name":"archived","type":"boolean","default":false},{"name":"labels","type":"json"},
    {"name":"viewer_count","type":"integer"},{"name":"last_checked_at","type":"time"},
    {"name":"last_live_at","type":"time"}],
    "unique":[{"name":"url","fields":["url"],
               "where":{"field":"archived","op":"eq","value":false}}],
    "indexes":[{"name":"recent","fields":["archived","-pinned","-created_at"]},
               {"name":"status","fields":["archived","status"]}]}]})";

inline std::string record(int number) {
    const auto text = std::to_string(number);
    return R"({"url":"https://twitch.tv/channel)" + text + R"(","title":"Protest live, camera )" +
           text +
           R"(","source":"twitch","platform":"twitch","status":"live","kind":"video","city":"Seattle",
              "state":"WA","country":"US","posted_by":"somebody","labels":["one","two"],
              "notes":"A note about this stream that is neither long nor short",
              "viewer_count":5,"last_checked_at":"2026-01-31T12:34:56.789Z"})";
}

// Wakes the client that waits.
class PromisedCall final : public storage::Call {
  public:
    PromisedCall(std::binary_semaphore& done, bool& good) : done_(done), good_(good) {}
    bool abandoned() const override { return false; }
    void answer(storage::Answer answer) override {
        if (!answer) std::fprintf(stderr, "%s\n", answer.error().message.c_str());
        good_ = answer.has_value();
        done_.release();
    }

  private:
    std::binary_semaphore& done_;
    bool& good_;
};

// Who the clients are.
inline const storage::Origin& client_origin() {
    static const storage::Origin origin = [] {
        storage::Origin made;
        made.principal_type = "key";
        made.principal_id = "bootstrap";
        made.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        made.correlation_id = "0123456789abcdef";
        made.producer = "catalog@main";
        return made;
    }();
    return origin;
}

// A call of a store that must succeed; waits for the answer.
template <class Store, class Method>
void call(Store& store, Method method, const std::string& body) {
    std::binary_semaphore done(0);
    bool good = true;
    const auto at_once = store.call(method, body, client_origin(),
                                    [&] { return std::make_unique<PromisedCall>(done, good); });
    if (!at_once) done.acquire();
    if (!good || (at_once && !*at_once)) throw std::runtime_error("a call failed");
}

template <class Store>
void fill(Store& store) {
    call(store, storage::Method::kDeclare, kDeclare);
    for (int at = 0; at < kRecords; at += 500) {
        std::string changes;
        for (int i = at; i < at + 500; ++i) {
            changes += changes.empty() ? "" : ",";
            changes += R"({"op":"insert","collection":"streams","record":)" + record(i) + "}";
        }
        call(store, storage::Method::kApply, R"({"changes":[)" + changes + "]}");
    }
}

struct Round {
    double per_second = 0;
    double per_commit = 0;
    double p99_ms = 0;
};

// Runs `clients` threads that call `one(client, count)` until the time is over.
inline Round drive(int clients, double seconds, const std::function<void(int, int)>& one,
                   const std::function<std::uint64_t()>& commits) {
    std::vector<std::vector<double>> times(static_cast<std::size_t>(clients));
    const auto commits_before = commits();
    const auto start = Clock::now();
    const auto end = start + std::chrono::duration<double>(seconds);
    std::vector<std::thread> threads;
    for (int c = 0; c < clients; ++c) {
        threads.emplace_back([&, c] {
            for (int count = 0; Clock::now() < end; ++count) {
                const auto before = Clock::now();
                one(c, count);
                times[static_cast<std::size_t>(c)].push_back(
                    std::chrono::duration<double, std::milli>(Clock::now() - before).count());
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    std::vector<double> all;
    for (const auto& some : times)
        all.insert(all.end(), some.begin(), some.end());
    std::ranges::sort(all);
    const auto count = static_cast<double>(all.size());
    return {count / elapsed, count / static_cast<double>(commits() - commits_before),
            all[static_cast<std::size_t>(count * 0.99)]};
}

// Which record a client changes: spread, and without two clients on one.
inline std::int64_t record_of(int client, int count, int clients) {
    return 1 + (static_cast<std::int64_t>(count) * 7919 * clients + client) % kRecords;
}

inline std::string update(std::int64_t id, int viewers) {
    const auto number = std::to_string(id);
    return R"({"changes":[{"op":"update","collection":"streams","id":)" + number +
           R"(,"set":{"status":"live","viewer_count":)" + std::to_string(viewers) +
           R"(}},{"op":"event","type":"stream.updated","version":"1.0","subject":"stream/)" +
           number + R"(","record":0,"changes":{"viewer_count":{"from":1,"to":2}}}]})";
}

inline Round median(std::vector<Round> rounds) {
    std::ranges::sort(rounds, {}, &Round::per_second);
    return rounds[rounds.size() / 2];
}

inline void print(const char* name, const Round& round) {
    std::printf("%-6s %9.0f updates/s  %6.1f updates per fsync  p99 %6.2f ms\n", name,
                round.per_second, round.per_commit, round.p99_ms);
}

}  // namespace streamwall::bench
