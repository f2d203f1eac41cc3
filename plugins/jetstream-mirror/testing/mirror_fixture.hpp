// A host with a journal and its mirror beside a JetStream server, and what tests ask of them.
#pragma once

#include "nats_server.hpp"
#include "stream_reader.hpp"

#include <streamwall/testing/host.hpp>
#include <streamwall/testing/temporary_folder.hpp>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <stdexcept>

namespace streamwall::jetstream::testing {

namespace fs = std::filesystem;
using streamwall::testing::Host;
using streamwall::testing::NatsServer;

inline constexpr auto kMirror = "jetstream-mirror";

class Folder : public streamwall::testing::TemporaryFolder {
  public:
    Folder() : TemporaryFolder("jetstream") {}
    void wipe() const {
        fs::remove_all(path());
        fs::create_directory(path());
    }
};

// Quick, so that what is to be noticed is noticed soon.
inline std::string settings(const NatsServer& server, const std::string& more = {}) {
    return R"({"url":")" + server.url() +
           R"(","check_interval":"100ms","backoff_cap":"100ms","duplicate_window":"300ms")" + more +
           "}";
}

inline streamwall::testing::Options options(const std::string& mirror_settings,
                                            const fs::path& data = {}) {
    return {.plugins = {STORAGE_SO, PLUGIN_SO},
            .settings = {{kMirror, mirror_settings}},
            .required = {kMirror},
            .data_dir = data,
            .time = streamwall::testing::Time::real};
}

// Appends `count` events to the journal and returns their ids.
inline std::vector<std::string> append(Host& host, int count) {
    boost::json::array events;
    for (int n = 0; n < count; ++n) {
        events.push_back({{"type", n % 2 == 0 ? "stream.created" : "chat.message_posted"},
                          {"version", "1.0"},
                          {"subject", "stream/" + std::to_string(n % 7)},
                          {"data", {{"number", n}}}});
    }
    const auto answer = host.call("journal", "append",
                                  boost::json::serialize(boost::json::object{{"events", events}}));
    if (!answer) throw std::runtime_error("append: " + answer.message);
    std::vector<std::string> out;
    const auto reply = boost::json::parse(answer.body);
    for (const auto& result : reply.at("results").as_array())
        out.emplace_back(result.at("id").as_string());
    return out;
}

inline std::vector<std::string> ids_of(const std::vector<Mirrored>& all) {
    std::vector<std::string> out;
    for (const auto& one : all)
        out.push_back(one.message_id);
    return out;
}

class AMirror : public ::testing::Test {
  protected:
    static constexpr auto kPatience = std::chrono::seconds(20);

    void start(Host& host) {
        const auto started = host.start();
        ASSERT_TRUE(started) << started.message;
    }
    // Waits until the stream holds `count` events.
    ::testing::AssertionResult fills(Host& host, std::uint64_t count) {
        const StreamReader reader(server.url());
        if (host.eventually([&] { return reader.count() >= count; }, kPatience)) {
            return ::testing::AssertionSuccess();
        }
        auto out = ::testing::AssertionFailure()
                   << "the stream holds " << reader.count() << " of " << count << "; "
                   << host.state(kMirror).health_reason;
        for (const auto& line : host.logs(kMirror))
            out << '\n' << line.text;
        return out;
    }
    bool has_health(Host& host, const std::string& health) {
        return host.eventually([&] { return host.state(kMirror).health == health; }, kPatience);
    }
    std::vector<Mirrored> all() const { return StreamReader(server.url()).all(); }

    Folder store;
    NatsServer server{"jetstream { store_dir: \"" + store.path().string() + "\" }"};
};

}  // namespace streamwall::jetstream::testing
