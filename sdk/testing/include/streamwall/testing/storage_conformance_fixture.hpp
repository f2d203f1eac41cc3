// The fixture of the storage conformance kit: calls with less writing, and one collection to work
// on.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "storage_backend.hpp"

namespace streamwall::testing {

enum StorageStatus : std::int32_t {
    kOk = 0,
    kInvalidArgument = 3,
    kNotFound = 5,
    kAlreadyExists = 6,
    kFailedPrecondition = 9,
    kAborted = 10,
    kOutOfRange = 11,
};

class StorageConformance : public ::testing::TestWithParam<StorageBackendFactory> {
  protected:
    using Json = boost::json::value;

    void SetUp() override {
        backend_ = GetParam()();
        store("declare", kShows);
    }

    // Fields of every type; a default; a unique key with and one without a condition.
    static constexpr const char* kShows = R"({"collections":[{"name":"shows","fields":[
        {"name":"url","type":"text"},
        {"name":"title","type":"text"},
        {"name":"city","type":"text"},
        {"name":"viewers","type":"integer"},
        {"name":"score","type":"real"},
        {"name":"archived","type":"boolean","default":false},
        {"name":"labels","type":"json"},
        {"name":"live_at","type":"time"}],
        "unique":[{"name":"url","fields":["url"],
                   "where":{"field":"archived","op":"eq","value":false}},
                  {"name":"place","fields":["city","title"]}],
        "indexes":[{"name":"viewers","fields":["-viewers"]}]}]})";

    StorageReply raw(std::string_view service, std::string_view method,
                     const std::string& request) const {
        return backend_.call(service, method, request);
    }

    // A call that must succeed.
    Json call(std::string_view service, std::string_view method, const std::string& request) const {
        const StorageReply reply = raw(service, method, request);
        EXPECT_EQ(reply.status, kOk) << service << "." << method << " " << request << "\n"
                                     << reply.message << " " << reply.details;
        return reply.status == kOk ? boost::json::parse(reply.body) : Json();
    }
    Json store(std::string_view method, const std::string& request) const {
        return call("store", method, request);
    }
    Json journal(std::string_view method, const std::string& request) const {
        return call("journal", method, request);
    }

    StorageReply apply_raw(const std::string& changes) const {
        return raw("store", "apply", R"({"changes":[)" + changes + "]}");
    }
    // The results of a change list that must succeed.
    boost::json::array apply(const std::string& changes) const {
        const Json reply = store("apply", R"({"changes":[)" + changes + "]}");
        return reply.is_object() ? reply.at("results").as_array() : boost::json::array();
    }
    static std::string insert_of(const std::string& record) {
        return R"({"op":"insert","collection":"shows","record":)" + record + "}";
    }
    // Inserts one show; the record.
    Json insert(const std::string& record) const {
        const auto results = apply(insert_of(record));
        return results.empty() ? Json() : results[0];
    }
    std::string update_of(std::int64_t id, const std::string& set,
                          const std::string& more = "") const {
        return R"({"op":"update","collection":"shows","id":)" + std::to_string(id) + more +
               R"(,"set":)" + set + "}";
    }

    static std::int64_t id_of(const Json& record) { return record.at("id").as_int64(); }
    StorageReply get(std::int64_t id) const {
        return raw("store", "get", R"({"collection":"shows","id":)" + std::to_string(id) + "}");
    }

    // The titles that a query finds, in order. `rest` are further members of the request.
    std::vector<std::string> titles(const std::string& rest) const {
        const Json reply = store("query", R"({"collection":"shows")" + rest + "}");
        std::vector<std::string> out;
        if (!reply.is_object()) return out;
        for (const auto& record : reply.at("records").as_array()) {
            const auto& title = record.at("title");
            out.emplace_back(title.is_null() ? "null" : title.as_string().c_str());
        }
        return out;
    }
    std::vector<std::string> matching(const std::string& filter) const {
        return titles(R"(,"filter":)" + filter);
    }

    // Names the field that details.errors blames first.
    static std::string blamed(const StorageReply& reply) {
        if (reply.details.empty()) return {};
        const auto details = boost::json::parse(reply.details);
        const auto* errors = details.as_object().if_contains("errors");
        return errors == nullptr || errors->as_array().empty()
                   ? std::string()
                   : std::string(errors->at(0).at("field").as_string());
    }

    StorageBackend backend_;
};

// The back ends of a program are told apart by the name of the instantiation; a program that makes
// none simply has no conformance tests.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StorageConformance);

}  // namespace streamwall::testing
