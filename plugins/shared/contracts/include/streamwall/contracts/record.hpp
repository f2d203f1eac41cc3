// Looking into a record as the store rendered it, without parsing it.
#pragma once

#include <streamwall/sdk/json_scan.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace streamwall::contracts {

// `id` is the first member of every record; 0 for text that is no record.
inline std::int64_t record_id(std::string_view record) {
    constexpr std::string_view kHead = R"({"id":)";
    if (!record.starts_with(kHead)) return 0;
    std::int64_t id = 0;
    std::from_chars(record.data() + kHead.size(), record.data() + record.size(), id);
    return id;
}

// The digits of `version`, the last member of every record; empty for text that is no record.
inline std::string_view record_version_text(std::string_view record) {
    constexpr std::string_view kKey = R"("version":)";
    if (record.empty() || record.back() != '}') return {};
    const auto end = record.size() - 1;
    auto begin = end;
    while (begin > 0 && record[begin - 1] >= '0' && record[begin - 1] <= '9')
        --begin;
    if (begin == end || !record.substr(0, begin).ends_with(kKey)) return {};
    return record.substr(begin, end - begin);
}

inline std::int64_t record_version(std::string_view record) {
    return json::to_integer(record_version_text(record)).value_or(0);
}

// What the catalog and its neighbours ask of a stream's record; texts point into it.
struct StreamGlance {
    std::int64_t id = 0;
    std::int64_t version = 0;
    std::string_view url;  // normalised URLs hold nothing that JSON escapes
    std::string_view status;
    bool archived = false;
};

inline StreamGlance glance_at_stream(std::string_view record) {
    StreamGlance out;
    out.id = record_id(record);
    out.version = record_version(record);
    json::scan_members(record, [&](std::string_view key, std::string_view value) {
        if (key == "url")
            out.url = json::to_plain_text(value).value_or("");
        else if (key == "status")
            out.status = json::to_plain_text(value).value_or("");
        else if (key == "archived")
            out.archived = value == "true";
        return key != "archived";
    });
    return out;
}

}  // namespace streamwall::contracts
