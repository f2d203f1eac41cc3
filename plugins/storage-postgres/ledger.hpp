// What writers were told about each of their changes, against what the database holds afterwards.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "test_store.hpp"

namespace streamwall::postgres {

class Ledger {
  public:
    enum class Told { kMade, kNotMade, kUnknown };

    static constexpr const char* kDeclare = R"({"collections":[{"name":"shows","fields":[
        {"name":"title","type":"text"},{"name":"n","type":"integer"}],
        "unique":[{"name":"title","fields":["title"]}]}]})";

    // Inserts one record with an event; false where that did not go well.
    bool insert(Store& store, const std::string& title) {
        const auto answer = call(store, Method::kApply,
                                 R"({"changes":[{"op":"insert","collection":"shows","record":{
            "title":")" + title + R"("}},{"op":"event","type":"show.created","version":"1.0",
            "subject":"show/{id}","record":0}]})");
        note(title, answer);
        return answer.has_value();
    }

    // Threads that insert until stop().
    void start_writers(Store& store, int count, const std::string& prefix) {
        for (int i = 0; i < count; ++i) {
            writers_.emplace_back([this, &store, name = prefix + std::to_string(i) + "-"] {
                for (int n = 0; !stopping_; ++n) {
                    const auto began = std::chrono::steady_clock::now();
                    const bool made = insert(store, name + std::to_string(n));
                    const auto took = std::chrono::steady_clock::now() - began;
                    std::unique_lock lock(mutex_);
                    slowest_ = std::max(slowest_, took);
                    // As callers do that are told to come back later.
                    if (!made)
                        wake_.wait_for(lock, kRetryAfter, [this] { return stopping_.load(); });
                }
            });
        }
    }
    void stop() {
        stopping_ = true;
        wake_.notify_all();
        for (auto& writer : writers_)
            writer.join();
        writers_.clear();
        stopping_ = false;
    }
    ~Ledger() { stop(); }

    std::size_t count(Told told) const {
        const std::lock_guard lock(mutex_);
        std::size_t count = 0;
        for (const auto& [title, what] : told_)
            count += what == told ? 1 : 0;
        return count;
    }
    bool wait_for(Told told, std::size_t number) const {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (count(told) < number && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
        return count(told) >= number;
    }
    std::chrono::milliseconds slowest() const {
        const std::lock_guard lock(mutex_);
        return std::chrono::duration_cast<std::chrono::milliseconds>(slowest_);
    }

    // Nothing that was acknowledged is lost, nothing that was refused is there, nothing is there
    // twice, and the journal has each once.
    void check(const PostgresServer& server, const std::string& schema) const {
        const auto titles = split(
            ask_server(server, "SELECT string_agg(title, ' ') FROM " + schema + ".record_shows"));
        const auto events = split(ask_server(
            server, "SELECT string_agg(data::json->>'title', ' ') FROM " + schema + ".events"));
        const std::set<std::string> there(titles.begin(), titles.end());
        const std::set<std::string> told(events.begin(), events.end());
        EXPECT_EQ(there.size(), titles.size());
        EXPECT_EQ(told.size(), events.size());
        EXPECT_EQ(there, told) << "a record without its event, or the other way round";
        for (const auto& [title, what] : told_) {
            if (what == Told::kMade) EXPECT_TRUE(there.contains(title)) << title << " is lost";
            if (what == Told::kNotMade) EXPECT_FALSE(there.contains(title)) << title << " is there";
        }
        EXPECT_EQ(ask_server(server, "SELECT max(sequence) - count(*) FROM " + schema + ".events"),
                  "0")
            << "the journal has gaps";
    }

  private:
    void note(const std::string& title, const Answer& answer) {
        const std::lock_guard lock(mutex_);
        if (answer) {
            told_[title] = Told::kMade;
            return;
        }
        const auto& error = answer.error();
        EXPECT_EQ(error.code, storage::Code::kUnavailable) << error.message;
        const bool unknown = error.details.find("outcome_unknown") != error.details.npos;
        told_[title] = unknown ? Told::kUnknown : Told::kNotMade;
    }
    static std::vector<std::string> split(const std::string& text) {
        std::vector<std::string> words;
        std::size_t at = 0;
        while (at < text.size()) {
            const auto end = std::min(text.find(' ', at), text.size());
            words.push_back(text.substr(at, end - at));
            at = end + 1;
        }
        return words;
    }

    static constexpr std::chrono::milliseconds kRetryAfter{10};

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::map<std::string, Told> told_;
    std::chrono::steady_clock::duration slowest_{};
    std::atomic<bool> stopping_{false};
    std::vector<std::thread> writers_;
};

}  // namespace streamwall::postgres
