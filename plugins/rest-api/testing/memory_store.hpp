// One collection of the service `store` in memory, with one unique key, for tests of what keeps
// records there. Filters are `{"field","op":"lt","value"}` at most.
#pragma once

#include <streamwall/sdk/json.hpp>

#include <boost/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace streamwall::rest_api::testing {

class MemoryStore {
  public:
    explicit MemoryStore(std::string unique) : unique_(std::move(unique)) {}

    Result<Buffer> serve(std::string_view method, std::string_view request_text) {
        const auto request = json::parse_object(request_text).value();
        if (method == "declare") return Buffer("{}");
        if (is_down) return Error::unavailable("the store is away");
        if (method == "get") return get(request);
        if (method == "query") return query(request);
        return apply(request);
    }

    std::map<std::int64_t, boost::json::object> records;
    bool is_down = false;

  private:
    using Object = boost::json::object;

    Result<Buffer> get(const Object& request) const {
        for (const auto& [id, record] : records) {
            if (record.at(unique_) == request.at("values").at(0)) return render(record);
        }
        return Error::not_found("no such record");
    }
    Result<Buffer> query(const Object& request) const {
        boost::json::array found;
        const auto* filter = request.if_contains("filter");
        for (const auto& [id, record] : records) {
            if (filter == nullptr || record.at(filter->at("field").as_string()).as_int64() <
                                         filter->at("value").as_int64()) {
                found.push_back(record);
            }
        }
        const auto count = static_cast<std::int64_t>(found.size());
        return render({{"records", std::move(found)}, {"count", count}});
    }
    // Of one change.
    Result<Buffer> apply(const Object& request) {
        boost::json::array results;
        for (const auto& change : request.at("changes").as_array()) {
            auto result = apply_change(change.as_object());
            if (!result) return result.error();
            results.push_back(std::move(*result));
        }
        return render({{"results", std::move(results)}});
    }
    Result<Object> apply_change(const Object& change) {
        if (change.at("op") == "insert") {
            Object record{{"id", ++last_id_}, {"version", 1}};
            for (const auto& member : change.at("record").as_object())
                record[member.key()] = member.value();
            for (const auto& [id, other] : records) {
                if (other.at(unique_) == record.at(unique_))
                    return Error{SW_ALREADY_EXISTS, "taken", {}, {}};
            }
            return records[last_id_] = std::move(record);
        }
        const auto found = records.find(change.at("id").as_int64());
        if (found == records.end()) return Error::not_found("no such record");
        auto& record = found->second;
        if (record.at("version") != change.at("version"))
            return Error{SW_ABORTED, "changed", {}, {}};
        if (change.at("op") == "delete") {
            auto removed = std::move(record);
            records.erase(found);
            return removed;
        }
        for (const auto& member : change.at("set").as_object())
            record[member.key()] = member.value();
        record["version"] = record.at("version").as_int64() + 1;
        return record;
    }
    static Buffer render(const Object& object) { return Buffer(boost::json::serialize(object)); }

    std::string unique_;
    std::int64_t last_id_ = 0;
};

}  // namespace streamwall::rest_api::testing
