// Fills the database of a host that isn't running: seed_streams FILE COUNT. Streams 1 … COUNT, as
// much in them as real ones have: a twentieth is live, a tenth has each of a few common words, each
// has a word of its own.
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>

#include "collection.hpp"
#include "sqlite-store/store.hpp"

namespace streamwall {
namespace {

class Declared final : public sqlite::Call {
  public:
    explicit Declared(std::promise<sqlite::Answer>& promise) : promise_(promise) {}
    bool abandoned() const override { return false; }
    void answer(sqlite::Answer answer) override { promise_.set_value(std::move(answer)); }

  private:
    std::promise<sqlite::Answer>& promise_;
};

// What is missing in the file is made: tables at first, at last the full-text index.
bool open_and_declare(const std::string& path) {
    storage::Hooks hooks;
    hooks.wall_ms = [] { return std::int64_t{1'770'000'000'000}; };
    sqlite::Options options;
    options.path = path;
    const auto store = sqlite::Store::open(options, hooks);
    if (!store) return std::fprintf(stderr, "%s\n", store.error().message.c_str()), false;
    std::promise<sqlite::Answer> promise;
    auto answer = promise.get_future();
    static_cast<void>((*store)->call(sqlite::Method::kDeclare, catalog::streams_declaration(), {},
                                     [&] { return std::make_unique<Declared>(promise); }));
    const auto declared = answer.get();
    if (!declared) std::fprintf(stderr, "%s\n", declared.error().message.c_str());
    return declared.has_value();
}

void insert(const std::string& path, long count) {
    sqlite::Connection database(path, sqlite::Connection::Role::kWriter);
    database.run("PRAGMA synchronous = OFF");
    database.run("PRAGMA cache_size = -262144");
    database.run("BEGIN");
    for (const char* kind : {"insert", "update", "delete"})
        database.run(std::string("DROP TRIGGER search_streams_") + kind);
    // Without its rules on record, the index is made anew when the store opens the file.
    database.run("DELETE FROM meta WHERE key = 'search_rules'");
    database.run(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < " +
        std::to_string(count) +
        "), words(n, url, word, city, state) AS (SELECT n,"
        " 'https://twitch.tv/channel_' || n,"
        " json_extract('[\"protest\",\"rally\",\"downtown\",\"march\",\"vigil\",\"parade\","
        "\"game\","
        "\"news\",\"music\",\"talk\"]', '$[' || (n * 7 % 10) || ']'),"
        " json_extract('[\"Seattle\",\"Portland\",\"Austin\",\"Denver\",\"Boston\",\"Chicago\","
        "\"Dallas\",\"Miami\",\"Oakland\",\"Tampa\"]', '$[' || (n / 10 % 10) || ']'),"
        " json_extract('[\"WA\",\"OR\",\"TX\",\"CO\",\"MA\",\"IL\",\"TX\",\"FL\",\"CA\",\"FL\"]',"
        " '$[' || (n / 10 % 10) || ']') FROM numbers)"
        " INSERT INTO record_streams (id, url, link, title, platform, status, kind, city, state,"
        " notes, posted_by, source, pinned, archived, labels, user_id, created_at, updated_at,"
        " version) SELECT n, url, url, word || ' live, camera ' || n, iif(n % 4, 'twitch', 'kick'),"
        " iif(n % 20, 'offline', 'live'), 'video', city, state,"
        " 'A note about this stream that is neither long nor short', 'poster' || n % 1000, 'api',"
        " n % 1000 = 0, 0, '[]', 1, 1770000000000 + n, 1770000000000 + n, 1 FROM words");
    database.run("COMMIT");
}

}  // namespace
}  // namespace streamwall

int main(int count, char** arguments) {
    using namespace streamwall;
    if (count != 3) return std::fprintf(stderr, "usage: seed_streams FILE COUNT\n"), 2;
    const std::string path = arguments[1];
    if (!open_and_declare(path)) return 1;
    try {
        insert(path, std::strtol(arguments[2], nullptr, 10));
    } catch (const sqlite::Failure& failure) {
        return std::fprintf(stderr, "%s\n", failure.what()), 1;
    }
    return open_and_declare(path) ? 0 : 1;
}
