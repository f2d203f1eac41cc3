// Every list, its count included, is answered from an index: asked of SQLite and of PostgreSQL
// themselves.
#include "collection.hpp"
#include "resources.hpp"
#include "sqlite-store/test_store.hpp"
#include "storage-sql/query.hpp"
#include "storage-sql/requests.hpp"
#include "stream_filter.hpp"
#include "test_store.hpp"

#include <gmock/gmock.h>

#include <sstream>
#include <variant>

namespace streamwall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kFilters = {
    "",
    R"("url":["https://twitch.tv/a"])",
    R"("status":["live"])",
    R"("status":["live","checking"])",
    R"("not_status":["live"])",
    R"("platform":["twitch"])",
    R"("kind":["video"])",
    R"("orientation":["vertical"])",
    R"("city":["Seattle"])",
    R"("state":["WA"])",
    R"("city":["Seattle"],"state":["WA"])",
    R"("source":["twitch"])",
    R"("posted_by":["alice"])",
    R"("external_id":["x"])",
    R"("user_id":[1])",
    R"("streamer_id":[1])",
    R"("location_id":[1])",
    R"("pinned":[true])",
    R"("status":["live"],"pinned":[true])",
    R"("archived":[true])",
    R"("archived":[true,false])",
    R"("since":["2026-01-01T00:00:00.000Z"])",
    R"("updated_since":["2026-01-01T00:00:00.000Z"])",
};
const std::vector<std::string> kSorts = {
    "",
    R"("sort":"created_at","descending":true)",
    R"("sort":"updated_at","descending":false)",
    R"("sort":"title","descending":false)",
    R"("sort":"status","descending":true)",
    R"("sort":"platform","descending":true)",
    R"("sort":"city","descending":false)",
    R"("sort":"state","descending":false)",
    R"("sort":"last_checked_at","descending":true)",
    R"("sort":"last_live_at","descending":true)",
};
constexpr const char* kEveryDay[] = {"",
                                     R"("filters":{"city":["Seattle"]})",
                                     R"("filters":{"state":["WA"]})",
                                     R"("filters":{"city":["Seattle"],"state":["WA"]})",
                                     R"("filters":{"location_id":[1]})",
                                     R"("filters":{"user_id":[1]})",
                                     R"("filters":{"status":["live"]})",
                                     R"("filters":{"platform":["kick"]})",
                                     R"("sort":"created_at","descending":true)"};

class ListPlans : public ::testing::Test {
  protected:
    ListPlans() {
        sqlite::Options options;
        options.path = folder_.file();
        auto store = sqlite::Store::open(options, witness_.hooks());
        EXPECT_TRUE(store) << store.error().message;
        store_ = std::move(*store);
        for (const auto& declaration :
             {catalog::streams_declaration(), catalog::Resources::declaration()}) {
            const auto declared = sqlite::call(*store_, sqlite::Method::kDeclare, declaration);
            EXPECT_TRUE(declared) << declared.error().message;
        }
    }
    // How SQLite runs the list and its count for a request of catalog.streams.list.
    std::string plan(const std::string& request) {
        const auto query = catalog::to_store_query(request);
        EXPECT_TRUE(query) << request;
        return *store_->explain(*query);
    }
    static std::string request(const std::string& rest) {
        return R"({"limit":25,"count":true)" + (rest.empty() ? "" : "," + rest) + "}";
    }

    sqlite::DatabaseFolder folder_;
    sqlite::Witness witness_;
    std::unique_ptr<sqlite::Store> store_;
};

TEST_F(ListPlans, EveryFilterAndSortUsesAnIndexForTheListAndForTheCount) {
    for (const auto& filter : kFilters) {
        for (const auto& sort : kSorts) {
            const auto given =
                request(R"("filters":{)" + filter + "}" + (sort.empty() ? "" : "," + sort));
            const auto found = plan(given);
            EXPECT_THAT(found, HasSubstr("USING")) << given;
            EXPECT_THAT(found, HasSubstr("INDEX streams_")) << given;
            EXPECT_THAT(found, Not(HasSubstr(R"("SCAN record_streams")"))) << given << "\n"
                                                                           << found;
        }
    }
}

TEST_F(ListPlans, ASearchReadsItsHitsInTheOrderOfTheList) {
    for (const auto* sort : {"", R"(,"sort":"created_at","descending":true)"}) {
        for (const auto* filter :
             {R"("search":["protest sea"])", R"("search":["a"],"pinned":[true])",
              R"("search":["protest"],"archived":[true])",
              R"("search":["sea"],"status":["live"])"}) {
            const auto given = request(R"("filters":{)" + std::string(filter) + "}" + sort);
            const auto found = plan(given);
            EXPECT_THAT(found, HasSubstr("SCAN search_streams VIRTUAL TABLE INDEX")) << given;
            EXPECT_THAT(found, Not(HasSubstr("SCAN record_streams"))) << given << "\n" << found;
            EXPECT_THAT(found, Not(HasSubstr("TEMP B-TREE"))) << given << "\n" << found;
        }
    }
    const auto counted = plan(request(R"("filters":{"search":["protest"]})"));
    EXPECT_THAT(counted.substr(counted.find("\"count\"")), Not(HasSubstr("record_streams")))
        << counted;
}

TEST_F(ListPlans, ASearchInAnotherOrderReadsNothingButItsHits) {
    for (const auto* sort : {"title", "updated_at", "status", "city"}) {
        const auto found = plan(request(R"("filters":{"search":["protest"]},"sort":")" +
                                        std::string(sort) + R"(","descending":true)"));
        EXPECT_THAT(found, HasSubstr("search_streams VIRTUAL TABLE INDEX")) << found;
        EXPECT_THAT(found, Not(HasSubstr("SCAN record_streams"))) << found;
    }
}

TEST_F(ListPlans, WhatOneInManyStreamsHasIsLookedUp) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {R"("url":["https://twitch.tv/a"])", "url=?"}, {R"("streamer_id":[1])", "streamer_id=?"},
        {R"("location_id":[1])", "location_id=?"},     {R"("user_id":[1])", "user_id=?"},
        {R"("external_id":["x"])", "external_id=?"},   {R"("city":["Seattle"])", "city=?"},
    };
    for (const auto& [filter, lookup] : cases) {
        for (const auto* sort : {"", R"(,"sort":"title","descending":true)",
                                 R"(,"sort":"updated_at","descending":true)"}) {
            const auto found = plan(request(R"("filters":{)" + filter + "}" + sort));
            EXPECT_THAT(found, HasSubstr(lookup)) << filter << sort << "\n" << found;
        }
    }
}

TEST_F(ListPlans, TheListsOfEveryDayNeedNoSorting) {
    for (const auto* rest : kEveryDay) {
        const auto found = plan(request(rest));
        EXPECT_THAT(found, Not(HasSubstr("TEMP B-TREE"))) << rest << "\n" << found;
    }
}

TEST_F(ListPlans, ACityOfAStateIsFoundInTheIndexThatKnowsBoth) {
    const auto found = plan(request(R"("filters":{"city":["Portland"],"state":["WA"]})"));
    EXPECT_THAT(found, HasSubstr("INDEX streams_by_city")) << found;
    EXPECT_THAT(found, Not(HasSubstr("streams_by_place"))) << found;
}

// Lists of the other kinds of records: a filter is looked up, an order is that of an index. Ids
// grow in the order of creation, so the newest come from the table as it lies.
class OtherListPlans : public ListPlans {
  protected:
    class NoStore final : public catalog::StorePort {
      public:
        void call(Method, Buffer, const sw_context&, catalog::Reply reply) override {
            reply(Error::internal("nothing is asked"));
        }
    };
    // Layouts are always asked for within their wall.
    static std::string within(const catalog::ListRules& rules) {
        if (rules.collection != "layouts") return {};
        return R"({"field":"wall_id","op":"eq","value":1})";
    }
    std::string plan(const catalog::ListRules& rules, const std::string& given) {
        const auto query = catalog::to_store_query(rules, request(given), within(rules));
        EXPECT_TRUE(query) << given;
        return *store_->explain(*query);
    }
    // Each filter by itself, and none.
    static std::vector<std::string> filters_of(const catalog::ListRules& rules) {
        std::vector<std::string> out = {R"("filters":{})"};
        for (const auto& filter : rules.filters) {
            if (filter.match == catalog::ListFilter::Match::kElsewhere) continue;
            // By the name one knows what the value is like.
            const bool is_flag = filter.name == "known_city";
            const bool is_id = filter.name.ends_with("_id");
            const std::string value = is_flag ? "true" : is_id ? "1" : R"("2026-01-01T00:00:00Z")";
            out.push_back(R"("filters":{")" + std::string(filter.name) + "\":[" + value + "]}");
        }
        return out;
    }
    static std::vector<std::string> sorts_of(const catalog::ListRules& rules) {
        std::vector<std::string> out = {""};
        std::istringstream names{std::string(rules.sorts)};
        for (std::string name; names >> name;) {
            for (const auto* descending : {"true", "false"})
                out.push_back(R"(,"sort":")" + name + R"(","descending":)" + descending);
        }
        return out;
    }
    NoStore store_port_;
};

TEST_F(OtherListPlans, EveryFilterIsLookedUpAndEveryOrderIsThatOfAnIndex) {
    catalog::StreamRecords streams(store_port_, [] { return 0; }, 1 << 20);
    const catalog::Resources resources(store_port_, streams,
                                       [](const sw_context&) { return false; });
    for (const auto* resource : resources.all()) {
        const auto& rules = resource->list_rules();
        for (const auto& filter : filters_of(rules)) {
            for (const auto& sort : sorts_of(rules)) {
                const auto found = plan(rules, filter + sort);
                const bool is_filtered = filter != R"("filters":{})" || !within(rules).empty();
                const std::string where = std::string(rules.collection) + " " + filter + sort;
                if (is_filtered) {
                    EXPECT_THAT(found, Not(HasSubstr("SCAN"))) << where << "\n" << found;
                    EXPECT_THAT(found, HasSubstr("INDEX")) << where << "\n" << found;
                } else {
                    EXPECT_THAT(found, Not(HasSubstr("TEMP B-TREE"))) << where << "\n" << found;
                }
            }
        }
    }
}

TEST_F(OtherListPlans, ASearchReadsNothingButItsHits) {
    catalog::StreamRecords streams(store_port_, [] { return 0; }, 1 << 20);
    const catalog::Resources resources(store_port_, streams,
                                       [](const sw_context&) { return false; });
    for (const auto* resource : resources.all()) {
        const auto& rules = resource->list_rules();
        for (const auto& sort : sorts_of(rules)) {
            const auto found = plan(rules, R"("filters":{"search":["protest sea"]})" + sort);
            const auto where = std::string(rules.collection) + " " + sort + "\n" + found;
            EXPECT_THAT(found, HasSubstr("search_" + std::string(rules.collection) +
                                         " VIRTUAL TABLE INDEX"))
                << where;
            EXPECT_THAT(found, Not(HasSubstr("SCAN record_"))) << where;
        }
    }
}

// The same, as PostgreSQL runs it.
class PostgresListPlans : public OtherListPlans {
  protected:
    void SetUp() override {
        SKIP_WITHOUT_POSTGRES();
        server_ = postgres::shared_server();
        auto store = postgres::Store::open(postgres::options_for(*server_, name_), theirs_.hooks());
        ASSERT_TRUE(store) << store.error().message;
        store_ = std::move(*store);
        for (const auto& declaration :
             {catalog::streams_declaration(), catalog::Resources::declaration()}) {
            const auto declared = postgres::call(*store_, postgres::Method::kDeclare, declaration);
            ASSERT_TRUE(declared) << declared.error().message;
            const auto& dialect = storage::postgres_dialect();
            const auto document = storage::Document::parse(declaration);
            const auto collections = storage::parse_declarations(dialect, **document);
            schema_ = storage::with_changes(schema_,
                                            *storage::plan_changes(dialect, schema_, *collections));
        }
    }
    // As many streams as it takes for the server to prefer what is quick among a million.
    void fill() const {
        postgres::ask_server(
            *server_,
            "SET search_path = " + name_ +
                "; INSERT INTO record_streams (url, title, status, platform, city, state, user_id,"
                " location_id, pinned, created_at, updated_at, version) SELECT 'https://a.test/' ||"
                " n, 'word' || n % 10 || ' camera ' || n, CASE WHEN n % 20 = 0 THEN 'live' ELSE"
                " 'offline' END, CASE WHEN n % 4 = 0 THEN 'kick' ELSE 'twitch' END, 'city' || n %"
                " 10, 'state' || n % 10, n % 100, n % 100, n % 1000 = 0, n, n, 1 FROM"
                " generate_series(1, 20000) AS n");
        for (const auto* table : {"record_streams", "search_streams"})
            postgres::ask_server(*server_, "VACUUM (ANALYZE) " + name_ + "." + table);
    }
    storage::Query parsed(const std::string& request) const {
        const auto document = storage::Document::parse(request);
        auto query = storage::parse_query(storage::postgres_dialect(), schema_, **document);
        EXPECT_TRUE(query) << request;
        // The texts of its values are read while the document is there.
        for (auto* statement : {&query->list, &query->quick, &query->count})
            inline_values(*statement);
        return std::move(*query);
    }
    static void inline_values(storage::Statement& statement) {
        std::string values;
        for (const auto& value : statement.values)
            values.append(values.empty() ? "" : ", ").append(literal(value));
        if (!values.empty()) values = "(" + values + ")";
        statement.sql =
            "PREPARE asked AS " + statement.sql + "; EXPLAIN (FORMAT JSON) EXECUTE asked" + values;
        statement.values.clear();
    }
    static std::string literal(const storage::Value& value) {
        if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
        std::string out;
        storage::append_literal(out, std::get<std::string_view>(value));
        return out;
    }
    // `among_few`: tables are empty, which would be read as they lie.
    std::string explain(const storage::Statement& statement, bool among_few = true) const {
        return postgres::ask_server(
            *server_, "SET search_path = " + name_ +
                          (among_few ? "; SET enable_seqscan = off; " : "; ") + statement.sql);
    }

    const std::string name_ = postgres::fresh_schema();
    postgres::PostgresServer* server_ = nullptr;
    postgres::Witness theirs_;
    std::unique_ptr<postgres::Store> store_;
    storage::Schema schema_;
};

TEST_F(PostgresListPlans, LookWordsUp) {
    catalog::StreamRecords streams(store_port_, [] { return 0; }, 1 << 20);
    const catalog::Resources resources(store_port_, streams,
                                       [](const sw_context&) { return false; });
    for (const auto* resource : resources.all()) {
        const auto& rules = resource->list_rules();
        if (!within(rules).empty()) continue;  // the few layouts of a wall are read instead
        for (const auto& sort : sorts_of(rules)) {
            const auto query = parsed(*catalog::to_store_query(
                rules, request(R"("filters":{"search":["protest sea"]})" + sort), within(rules)));
            for (const auto* statement : {&query.list, &query.count}) {
                const auto found = explain(*statement);
                const auto where = statement->sql + "\n" + found;
                EXPECT_THAT(found, HasSubstr("search_" + std::string(rules.collection) + "_index"))
                    << where;
                EXPECT_THAT(found, Not(HasSubstr("Seq Scan"))) << where;
            }
        }
    }
}

TEST_F(PostgresListPlans, EveryFilterAndSortUsesAnIndexForTheListAndForTheCount) {
    for (const auto& filter : kFilters) {
        for (const auto& sort : kSorts) {
            const auto given =
                request(R"("filters":{)" + filter + "}" + (sort.empty() ? "" : "," + sort));
            const auto query = parsed(*catalog::to_store_query(given));
            for (const auto* statement : {&query.list, &query.count}) {
                const auto found = explain(*statement);
                EXPECT_THAT(found, HasSubstr("\"Index Name\"")) << given << "\n" << found;
                EXPECT_THAT(found, Not(HasSubstr("Seq Scan"))) << given << "\n" << found;
            }
        }
    }
}

// Of a page far behind only an index is read up to it.
TEST_F(PostgresListPlans, TheListsOfEveryDayAreReadInTheOrderOfAnIndex) {
    fill();
    for (const auto* rest : kEveryDay) {
        const std::string more = *rest == 0 ? "" : std::string(",") + rest;
        const auto first = explain(parsed(*catalog::to_store_query(request(rest))).list, false);
        EXPECT_THAT(first, HasSubstr("\"Index Scan\"")) << rest << "\n" << first;
        EXPECT_THAT(first, Not(HasSubstr("\"Sort\""))) << rest << "\n" << first;
        const auto later = explain(
            parsed(*catalog::to_store_query(R"({"limit":25,"offset":100)" + more + "}")).list,
            false);
        EXPECT_THAT(later, HasSubstr("\"Index Only Scan\"")) << rest << "\n" << later;
    }
}

TEST_F(PostgresListPlans, SearchesWalkTheListOrReadTheIndexOfWordsAndNothingElse) {
    fill();
    for (const auto* sort : {"", R"(,"sort":"created_at","descending":true)"}) {
        for (const auto* search : {"word1", "word1 camera", "camera 777"}) {
            const auto query = parsed(*catalog::to_store_query(
                request(R"("filters":{"search":[")" + std::string(search) + "\"]}" + sort)));
            const auto walked = explain(query.quick, false);
            EXPECT_THAT(walked, HasSubstr("search_streams_pkey")) << walked;
            EXPECT_THAT(walked, Not(HasSubstr("\"Sort\""))) << walked;
            EXPECT_THAT(walked, Not(HasSubstr("Seq Scan"))) << walked;
            for (const auto* statement : {&query.list, &query.count}) {
                const auto found = explain(*statement);
                EXPECT_THAT(found, HasSubstr("search_streams_index")) << found;
                EXPECT_THAT(found, Not(HasSubstr("Seq Scan"))) << found;
            }
        }
    }
}

}  // namespace
}  // namespace streamwall
