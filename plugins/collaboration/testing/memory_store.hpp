// A store in memory, as much of one as this plugin asks for: what its unique keys and versions
// decide is decided as the real ones do.
#pragma once

#include <streamwall/testing/host.hpp>

#include <boost/json.hpp>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace streamwall::testing {

class MemoryStore {
  public:
    using Object = boost::json::object;

    // Before the host starts.
    void stand_in(Host& host) {
        host.fake("store", "declare", [](const Call&) { return Answer::ok(); });
        host.fake("store", "get", [this](const Call& call) { return get(parse(call)); });
        host.fake("store", "query", [this](const Call& call) { return query(parse(call)); });
        host.fake("store", "apply", [this](const Call& call) {
            if (before_apply) std::exchange(before_apply, nullptr)();
            return apply(parse(call));
        });
    }

    std::map<std::int64_t, Object>& records(const std::string& collection) {
        return collections_[collection];
    }
    Object* find(const std::string& collection, std::string_view field,
                 const boost::json::value& value) {
        for (auto& [id, record] : collections_[collection]) {
            if (record.at(field) == value) return &record;
        }
        return nullptr;
    }
    // As another instance would, whose records are versioned too.
    void insert(const std::string& collection, Object record) {
        const auto id = ++last_id_;
        record["id"] = id;
        record["version"] = 1;
        record["created_at"] = "2026-01-01T00:00:00.000Z";
        collections_[collection].emplace(id, std::move(record));
    }
    // Runs once, before the next change.
    std::function<void()> before_apply;

  private:
    static constexpr int kNotFound = 5, kExists = 6, kAborted = 10;

    static Object parse(const Call& call) { return boost::json::parse(call.body).as_object(); }

    Answer get(const Object& request) {
        const std::string collection(request.at("collection").as_string());
        const auto* found = find(collection, request.at("unique").as_string(),
                                 request.at("values").as_array().at(0));
        return found ? Answer::ok(boost::json::serialize(*found))
                     : Answer::error(kNotFound, "no such record");
    }
    Answer query(const Object& request) {
        boost::json::array out;
        const auto* filter = request.if_contains("filter");
        for (const auto& [id, record] :
             collections_[std::string(request.at("collection").as_string())]) {
            if (filter && record.at(filter->at("field").as_string()) != filter->at("value"))
                continue;
            out.insert(request.contains("sort") ? out.begin() : out.end(), record);
        }
        return Answer::ok(
            boost::json::serialize(Object{{"records", out}, {"next_cursor", nullptr}}));
    }
    Answer apply(const Object& request) {
        const auto before = collections_;
        boost::json::array results;
        for (const auto& item : request.at("changes").as_array()) {
            const auto failed = change(item.as_object(), results);
            if (failed.code == 0) continue;
            collections_ = before;
            return failed;
        }
        return Answer::ok(boost::json::serialize(Object{{"results", results}}));
    }
    Answer change(const Object& change, boost::json::array& results) {
        if (change.at("op") == "event") {
            results.push_back(Object{});
            return Answer::ok();
        }
        const std::string collection(change.at("collection").as_string());
        auto& records = collections_[collection];
        if (change.at("op") == "insert") {
            const auto& record = change.at("record").as_object();
            if (is_taken(collection, record)) return Answer::error(kExists, "taken");
            insert(collection, record);
            results.push_back(records.at(last_id_));
            return Answer::ok();
        }
        const auto found = records.find(change.at("id").as_int64());
        if (found == records.end()) return Answer::error(kNotFound, "no such record");
        const auto* version = change.if_contains("version");
        if (version && *version != found->second.at("version")) {
            return Answer::error(kAborted, "another version");
        }
        if (change.at("op") == "update") {
            for (const auto& [name, value] : change.at("set").as_object())
                found->second[name] = value;
            found->second["version"] = found->second.at("version").as_int64() + 1;
        }
        results.push_back(found->second);
        if (change.at("op") == "delete") records.erase(found);
        return Answer::ok();
    }
    bool is_taken(const std::string& collection, const Object& record) {
        if (collection == "collaboration_locks")
            return find(collection, "cell_id", record.at("cell_id")) != nullptr;
        if (collection == "collaboration_texts")
            return find(collection, "name", record.at("name")) != nullptr;
        return false;
    }

    std::map<std::string, std::map<std::int64_t, Object>> collections_;
    std::int64_t last_id_ = 0;
};

}  // namespace streamwall::testing
