// A session through the plugin in a real host, with the store and the catalog as the test has them.
#pragma once

#include "hub_stand_in.hpp"
#include "memory_store.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace streamwall::testing {

namespace bj = boost::json;
using namespace std::chrono_literals;
using Object = bj::object;

inline const Principal kAda{.id = "1", .name = "ada@example.org", .role = "editor"};
inline const Principal kBob{.id = "2", .name = "bob@example.org", .role = "editor"};
inline const Principal kEve{.id = "3", .name = "eve@example.org", .role = "viewer"};
inline const Principal kRoot{.id = "4", .name = "root@example.org", .role = "admin"};

inline Object act(const char* action, Object more = {}) {
    more["action"] = action;
    return more;
}
inline Object cell(const char* action, Object more = {}) {
    more["cell_id"] = "stream_5_title";
    return act(action, std::move(more));
}

// The service `cache`, which most tests do without.
struct CacheStandIn {
    bool is_there = false;
    std::map<std::string, bj::value> values;  // by key
    std::vector<Object> sets;

    Answer get(const Call& call) const {
        if (!is_there) return Answer::error(kUnavailable, "no cache");
        const auto found = values.find(key_of(call));
        if (found == values.end()) return Answer::ok(R"({"found":false})");
        return Answer::ok(bj::serialize(Object{{"found", true}, {"value", found->second}}));
    }
    Answer set(const Call& call) {
        if (!is_there) return Answer::error(kUnavailable, "no cache");
        sets.push_back(bj::parse(call.body).as_object());
        values[key_of(call)] = sets.back().at("value");
        return Answer::ok(R"({"shared":true})");
    }

  private:
    static constexpr int kUnavailable = 14;
    static std::string key_of(const Call& call) {
        const auto request = bj::parse(call.body).as_object();
        return std::string(request.at("namespace").as_string()) + "/" +
               std::string(request.at("key").as_string());
    }
};

class ASession : public ::testing::Test {
  protected:
    ASession() : host({.plugins = {COLLABORATION_SO}}) {
        store.stand_in(host);
        host.fake("catalog.streams", "update", [this](const Call& call) {
            updates.push_back(bj::parse(call.body).as_object());
            writers.push_back(call.principal);
            return catalog_says;
        });
        host.fake("cache", "get", [this](const Call& call) { return cache.get(call); });
        host.fake("cache", "set", [this](const Call& call) { return cache.set(call); });
        const auto started = host.start();
        EXPECT_TRUE(started) << started.message;
    }
    ~ASession() override {
        EXPECT_TRUE(host.stop());
        EXPECT_TRUE(host.complaints().empty()) << host.complaints().front();
    }

    // Ada and bob in stream 5's session, with nothing left to hear.
    void two() {
        for (const auto& [id, who] : {std::pair("a", kAda), {"b", kBob}})
            ASSERT_TRUE(hub.subscribe(id, who, kFive)) << hub.reason;
        hub.news("a", true);
        hub.news("b", true);
    }
    void pass(std::chrono::seconds time) {
        for (; time > 0s; time -= 1s) {
            hub.keep();
            host.advance(1s);
        }
    }
    Answer sessions(const char* method, Object body, const Principal& who = kAda) {
        const Object request{{"body", std::move(body)}};
        return host.call("collaboration.sessions", method, bj::serialize(request), who);
    }

    const Object kFive{{"resource", "stream"}, {"resource_id", "5"}};
    Answer catalog_says = Answer::ok(R"({"id":5,"title":"Stored","version":8})");
    std::vector<Object> updates;
    std::vector<Principal> writers;
    MemoryStore store;
    CacheStandIn cache;
    Host host;
    HubStandIn hub{host, "CollaborationChannel"};
    HubStandIn old_hub{host, "CollaborativeStreamsChannel"};
};

}  // namespace streamwall::testing
