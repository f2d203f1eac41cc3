// One record, one line, whatever it carries.
#include "telemetry/log.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "telemetry/log_render.hpp"

namespace streamwall::telemetry {
namespace {

struct Lines {
    std::vector<std::string> all;

    LogOptions options(LogFormat format, Level level = Level::kTrace) {
        return {.level = level,
                .format = format,
                .sink = [this](std::string_view line) { all.emplace_back(line); },
                .now_ms = [] { return std::int64_t{1'769'860'800'123}; }};
    }
};

TEST(Log, WritesOneJsonObjectALine) {
    Lines lines;
    Logger logger(lines.options(LogFormat::kJson));
    logger.info("http.listening", "http-server", "listening",
                {{"address", "127.0.0.1:3000"}, {"port", 3000}, {"tls", false}, {"load", 0.5}});
    ASSERT_EQ(lines.all.size(), 1U);
    EXPECT_EQ(lines.all[0],
              R"({"ts":"2026-01-31T12:00:00.123Z","level":"info","event":"http.listening",)"
              R"("plugin":"http-server","message":"listening","address":"127.0.0.1:3000",)"
              R"("port":3000,"tls":false,"load":0.5})"
              "\n");
}

TEST(Log, NamesItsProcessWhereSeveralShareOnePlace) {
    Lines lines;
    auto options = lines.options(LogFormat::kText);
    options.process = "main~chat";
    Logger logger(std::move(options));
    logger.info("host.ready", "kernel", "ready", {{"running", 1}});
    ASSERT_EQ(lines.all.size(), 1U);
    EXPECT_EQ(lines.all[0],
              "2026-01-31T12:00:00.123Z info  kernel host.ready: ready running=1 "
              "process=main~chat\n");
}

TEST(Log, WritesReadableTextWithTheSameFields) {
    Lines lines;
    Logger logger(lines.options(LogFormat::kText));
    logger.warn("store.slow", "storage-sqlite", "commit took long", {{"ms", 12}, {"sql", "a b"}});
    ASSERT_EQ(lines.all.size(), 1U);
    EXPECT_EQ(lines.all[0],
              "2026-01-31T12:00:00.123Z warn  storage-sqlite store.slow: commit took long ms=12 "
              "sql=\"a b\"\n");
}

TEST(Log, EscapesWhateverBreaksALineOrATerminalInBothForms) {
    const std::string hostile =
        "a\nb\r\t\x1b[31mred\x01\x7f\u0085\u2028\u2029\u202E\"\\ \xff{\"level\":\"error\"}";
    for (const LogFormat format : {LogFormat::kJson, LogFormat::kText}) {
        Lines lines;
        Logger logger(lines.options(format));
        logger.error(hostile, hostile, hostile, {{hostile, hostile}});
        ASSERT_EQ(lines.all.size(), 1U);
        const std::string& line = lines.all[0];
        EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
        for (const char* banned :
             {"\x1b", "\r", "\t", "\x01", "\x7f", "\u0085", "\u2028", "\u2029", "\u202E", "\xff"}) {
            EXPECT_EQ(line.find(banned), std::string::npos) << line;
        }
        if (format == LogFormat::kJson) {
            const auto parsed = boost::json::parse(line).as_object();
            EXPECT_EQ(parsed.at("level"), "error");
            EXPECT_NE(std::string(parsed.at("message").as_string()).find("\u2028"),
                      std::string::npos);
        }
    }
}

TEST(Log, KeepsAFieldFromPosingAsPartOfTheRecord) {
    Lines lines;
    Logger json(lines.options(LogFormat::kJson));
    json.info("a", "p", "m", {{"level", "error"}, {"ts", "now"}});
    const auto parsed = boost::json::parse(lines.all.at(0)).as_object();
    EXPECT_EQ(parsed.at("level"), "info");
    EXPECT_EQ(parsed.at("field_level"), "error");

    Logger text(lines.options(LogFormat::kText));
    text.info("a", "p", "done user=root");
    EXPECT_NE(lines.all.at(1).find("\"done user=root\""), std::string::npos);
}

TEST(Log, CutsAFieldAtEightKibibytesBetweenCharacters) {
    Lines lines;
    Logger logger(lines.options(LogFormat::kJson));
    std::string long_text = "x";
    while (long_text.size() < 3 * kMaxFieldBytes)
        long_text += "ä";
    logger.info("a", "p", long_text);
    const auto parsed = boost::json::parse(lines.all.at(0)).as_object();
    const std::string message(parsed.at("message").as_string());
    EXPECT_LE(message.size(), kMaxFieldBytes + 3);
    EXPECT_TRUE(message.ends_with("ä…"));
}

TEST(Log, ReplacesRegisteredSecretsWhereverTheyOccur) {
    for (const LogFormat format : {LogFormat::kJson, LogFormat::kText}) {
        Lines lines;
        Logger logger(lines.options(format));
        logger.add_secret("hunter2!");
        logger.add_secret("hunter2!longer");
        logger.add_secret("with\nbreak");
        logger.add_secret("a");  // too short to be one
        logger.info("event", "plugin", "token hunter2!, hunter2!longer",
                    {{"url", "https://x?token=hunter2!"}, {"hunter2!", "with\nbreak"}});
        const std::string& line = lines.all.at(0);
        EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
        EXPECT_EQ(line.find("longer"), std::string::npos) << line;
        EXPECT_EQ(line.find("break"), std::string::npos) << line;
        EXPECT_NE(line.find("token ***, ***"), std::string::npos) << line;
    }
}

TEST(Log, HidesASecretEvenWhereTheCutWouldSplitIt) {
    Lines lines;
    Logger logger(lines.options(LogFormat::kJson));
    logger.add_secret("canary-secret");
    logger.info("a", "p", std::string(kMaxFieldBytes - 4, 'x') + "canary-secret");
    EXPECT_EQ(lines.all.at(0).find("cana"), std::string::npos);
}

TEST(Log, SwitchesLevelsAtRunTimeForAllAndForOnePlugin) {
    Lines lines;
    Logger logger(lines.options(LogFormat::kJson, Level::kInfo));
    logger.debug("a", "hub", "hidden");
    EXPECT_TRUE(lines.all.empty());
    logger.set_plugin_level("hub", Level::kDebug);
    EXPECT_TRUE(logger.enabled(Level::kDebug, "hub"));
    EXPECT_FALSE(logger.enabled(Level::kDebug, "catalog"));
    logger.debug("a", "hub", "seen");
    logger.debug("a", "catalog", "hidden");
    EXPECT_EQ(lines.all.size(), 1U);
    logger.set_plugin_level("hub", std::nullopt);
    logger.debug("a", "hub", "hidden");
    logger.set_level(Level::kError);
    logger.warn("a", "hub", "hidden");
    EXPECT_EQ(lines.all.size(), 1U);
    logger.set_plugin_level("hub", Level::kOff);
    logger.error("a", "hub", "hidden");
    EXPECT_EQ(lines.all.size(), 1U);
}

TEST(Log, WritesNumbersThatJsonDoesNotKnowAsText) {
    Lines lines;
    Logger logger(lines.options(LogFormat::kJson));
    logger.info("a", "p", "m",
                {{"nan", std::numeric_limits<double>::quiet_NaN()},
                 {"inf", std::numeric_limits<double>::infinity()},
                 {"big", std::numeric_limits<std::uint64_t>::max()}});
    const auto parsed = boost::json::parse(lines.all.at(0)).as_object();
    EXPECT_EQ(parsed.at("nan"), "NaN");
    EXPECT_EQ(parsed.at("inf"), "Infinity");
    EXPECT_EQ(parsed.at("big").as_uint64(), std::numeric_limits<std::uint64_t>::max());
}

TEST(Log, OutlivesASinkThatThrows) {
    Logger logger({.format = LogFormat::kJson,
                   .sink = [](std::string_view) { throw std::runtime_error("disk full"); }});
    EXPECT_NO_THROW(logger.info("a", "p", "m"));
}

TEST(Log, KeepsLinesWholeWhenManyThreadsWriteAndSettingsChange) {
    std::atomic<int> whole{0};
    std::atomic<int> broken{0};
    Logger logger({.format = LogFormat::kJson, .sink = [&](std::string_view line) {
                       boost::system::error_code error;
                       boost::json::parse(line, error);
                       ++(error ? broken : whole);
                   }});
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&logger, t] {
            for (int i = 0; i < 250; ++i) {
                logger.info("a", "p", "text", {{"i", i}});
                if (i % 50 == 0) logger.add_secret("secret" + std::to_string(t * 1000 + i));
                if (i % 50 == 1) logger.set_plugin_level("q", Level::kDebug);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(whole, 1000);
    EXPECT_EQ(broken, 0);
}

TEST(LogLevels, AndFormatsAreReadByName) {
    EXPECT_EQ(parse_level("warn"), Level::kWarn);
    EXPECT_EQ(parse_level("loud"), std::nullopt);
    EXPECT_EQ(parse_log_format("auto"), LogFormat::kAuto);
    EXPECT_EQ(parse_log_format("xml"), std::nullopt);
}

}  // namespace
}  // namespace streamwall::telemetry
