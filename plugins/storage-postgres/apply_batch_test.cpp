// Batches on a real server: what shares a statement ends as if each request had run alone.
#include "apply_batch.hpp"

#include <gmock/gmock.h>
#include <boost/json.hpp>

#include "blocking.hpp"
#include "merged_changes.hpp"
#include "test_store.hpp"

namespace streamwall::postgres {
namespace {

using storage::Code;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kDeclare = R"({"collections":[{"name":"films","fields":[
    {"name":"title","type":"text"},{"name":"size","type":"integer"},
    {"name":"score","type":"real"},{"name":"seen","type":"boolean","default":false},
    {"name":"tags","type":"json"}],"unique":[{"name":"title","fields":["title"]}],
    "search":{"fields":["title"]}}]})";

constexpr std::int64_t kNow = 1'700'000'000'000;

class Batch : public ::testing::Test {
  protected:
    void SetUp() override {
        SKIP_WITHOUT_POSTGRES();
        options_ = options_for(*shared_server(), fresh_schema());
        Witness witness;
        auto store = Store::open(options_, witness.hooks());
        ASSERT_TRUE(store) << store.error().message;
        const auto declared = call(**store, Method::kDeclare, std::string(kDeclare));
        ASSERT_TRUE(declared) << declared.error().message;
        auto collection = storage::Collection::parse(
            storage::postgres_dialect(),
            boost::json::parse(kDeclare).at("collections").at(0).as_object(), "");
        ASSERT_TRUE(collection);
        schema_.push_back(std::move(*collection));
    }

    ApplyRequest& request(const std::string& changes) {
        auto document = storage::Document::parse(R"({"changes":[)" + changes + "]}");
        EXPECT_TRUE(document);
        auto list = storage::parse_changes(storage::postgres_dialect(), schema_, **document);
        EXPECT_TRUE(list) << list.error().message;
        requests_.push_back(
            std::make_unique<ApplyRequest>(std::move(*document), std::move(*list), test_origin()));
        return *requests_.back();
    }
    ApplyRequest& insert(const std::string& record) {
        return request(R"({"op":"insert","collection":"films","record":)" + record + "}");
    }
    ApplyRequest& update(std::int64_t id, const std::string& set, const std::string& version = "") {
        return request(R"({"op":"update","collection":"films","id":)" + std::to_string(id) +
                       (version.empty() ? "" : R"(,"version":)" + version) + R"(,"set":)" + set +
                       "}");
    }

    std::vector<ApplyRequest*> all() const {
        std::vector<ApplyRequest*> out;
        for (const auto& request : requests_)
            out.push_back(request.get());
        return out;
    }
    // Commits what was requested since the last time.
    void run() {
        run_blocking([this](Executor executor) -> Task<> {
            const auto connection = co_await Connection::open(executor, options_.connection);
            ApplyBatch batch(all(), kNow);
            Pipeline begin;
            begin.add("BEGIN");
            EXPECT_TRUE(co_await batch.run(*connection, std::move(begin))) << "no care is needed";
            co_await connection->query("COMMIT");
        });
        done_.insert(done_.end(), std::make_move_iterator(requests_.begin()),
                     std::make_move_iterator(requests_.end()));
        requests_.clear();
    }

    static boost::json::object record_of(const ApplyRequest& request) {
        EXPECT_FALSE(request.error) << request.error->message;
        const auto& text = request.outcomes.front().record;
        return text.empty() ? boost::json::object() : boost::json::parse(text).as_object();
    }
    static std::string title_of(const ApplyRequest& request) {
        return std::string(record_of(request).at("title").as_string());
    }

    // Of all rows that searches look at.
    std::string searched(const std::string& column) const {
        return ask_server(*shared_server(), "SELECT string_agg(" + column +
                                                "::text, ' ' ORDER BY id) FROM " +
                                                options_.connection.schema + ".search_films");
    }

    Options options_;
    storage::Schema schema_;
    std::vector<std::unique_ptr<ApplyRequest>> requests_, done_;
};

TEST_F(Batch, AlikeChangesShareAStatementAndEachGetsItsOwnRecord) {
    const auto& first = insert(R"({"title":"one","size":1,"score":0.5,"seen":true,"tags":[1]})");
    const auto& second = insert(R"({"title":"two"})");
    EXPECT_THAT(find_mergeable(all()), ElementsAre(ElementsAre(0, 1)));
    run();
    EXPECT_EQ(title_of(first), "one");
    EXPECT_EQ(record_of(first).at("score"), 0.5);
    EXPECT_EQ(record_of(first).at("seen"), true);
    EXPECT_EQ(boost::json::serialize(record_of(first).at("tags")), "[1]");
    EXPECT_EQ(record_of(first).at("version"), 1);
    EXPECT_EQ(title_of(second), "two");
    EXPECT_EQ(record_of(second).at("seen"), false);
    EXPECT_TRUE(record_of(second).at("size").is_null());

    // Backwards, so that places and ids differ.
    const auto& later = update(second.outcomes[0].id, R"({"title":"deux","size":2})");
    const auto& sooner = update(first.outcomes[0].id, R"({"title":"un","size":null})");
    EXPECT_THAT(find_mergeable(all()), ElementsAre(ElementsAre(1, 0)));
    run();
    EXPECT_EQ(title_of(later), "deux");
    EXPECT_EQ(record_of(later).at("size"), 2);
    EXPECT_EQ(title_of(sooner), "un");
    EXPECT_TRUE(record_of(sooner).at("size").is_null());
    EXPECT_EQ(record_of(sooner).at("version"), 2);
}

TEST_F(Batch, WordsFollowEachOfManyChanges) {
    const auto& one = insert(R"({"title":"one","size":1})");
    const auto& two = insert(R"({"title":"two","size":2})");
    run();
    EXPECT_EQ(searched("words"), "'one' 'two'");
    const auto first = one.outcomes[0].id;
    const auto second = two.outcomes[0].id;
    update(first, R"({"title":"un"})");
    update(second, R"({"title":"deux"})");
    run();
    EXPECT_EQ(searched("words"), "'un' 'deux'");
    const auto before = searched("xmin");
    update(first, R"({"size":3,"title":"un"})");
    update(second, R"({"size":4,"title":"deux"})");
    run();
    EXPECT_EQ(searched("xmin"), before) << "words were written that have not changed";
    request(R"({"op":"delete","collection":"films","id":)" + std::to_string(first) + "}");
    run();
    EXPECT_EQ(searched("words"), "'deux'");
}

TEST_F(Batch, OneThatCanNotBeMadeFailsAlone) {
    const auto id = [](const ApplyRequest& made) { return made.outcomes[0].id; };
    const auto& taken = insert(R"({"title":"taken"})");
    run();
    const auto& good = insert(R"({"title":"new"})");
    const auto& conflict = insert(R"({"title":"taken"})");
    const auto& twin = insert(R"({"title":"new"})");
    EXPECT_THAT(find_mergeable(all()), ElementsAre(ElementsAre(0, 1, 2)));
    run();
    EXPECT_EQ(title_of(good), "new");
    ASSERT_TRUE(conflict.error);
    EXPECT_EQ(conflict.error->code, Code::kAlreadyExists);
    ASSERT_TRUE(twin.error);
    EXPECT_EQ(twin.error->code, Code::kAlreadyExists);

    const auto& current = update(id(good), R"({"size":1})", "1");
    const auto& stale = update(id(taken), R"({"size":1})", "7");
    const auto& nobody = update(999, R"({"size":1})", "1");
    EXPECT_THAT(find_mergeable(all()), ElementsAre(ElementsAre(1, 0, 2)));
    run();
    EXPECT_EQ(record_of(current).at("size"), 1);
    ASSERT_TRUE(stale.error);
    EXPECT_EQ(stale.error->code, Code::kAborted);
    ASSERT_TRUE(nobody.error);
    EXPECT_EQ(nobody.error->code, Code::kNotFound);
}

TEST_F(Batch, ChangesOfOneRecordKeepTheirOrder) {
    const auto& film = insert(R"({"title":"film"})");
    run();
    const auto id = film.outcomes[0].id;
    update(id, R"({"size":1})", "1");
    const auto& second = update(id, R"({"size":2})", "2");
    const auto& third = update(id, R"({"size":3})", "3");
    EXPECT_THAT(find_mergeable(all()), IsEmpty());
    run();
    EXPECT_EQ(record_of(second).at("size"), 2);
    EXPECT_EQ(record_of(third).at("version"), 4);
}

TEST_F(Batch, WhatDiffersHasAStatementOfItsOwn) {
    for (const char* title : {"a", "b", "c", "d"})
        insert(R"({"title":")" + std::string(title) + R"("})");
    run();
    update(1, R"({"size":1})");
    update(2, R"({"score":1})");
    update(3, R"({"size":1})", "1");
    request(R"({"op":"delete","collection":"films","id":4})");
    EXPECT_THAT(find_mergeable(all()), IsEmpty());
    // The record was touched before, by a list of several.
    request(R"({"op":"update","collection":"films","id":5,"set":{"size":1}},
               {"op":"insert","collection":"films","record":{"title":"e"}})");
    update(5, R"({"size":2})");
    EXPECT_THAT(find_mergeable(all()), IsEmpty());
    update(6, R"({"size":2})");
    EXPECT_THAT(find_mergeable(all()), ElementsAre(ElementsAre(0, 6)));
}

}  // namespace
}  // namespace streamwall::postgres
