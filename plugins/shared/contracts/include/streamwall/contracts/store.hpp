// The service `store` (plugin-api/store.md): requests as text, and what replies hold.
#pragma once

#include <streamwall/sdk/json_scan.hpp>
#include <streamwall/sdk/services.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::contracts::store {

inline constexpr std::string_view kService = "store";
inline constexpr std::string_view kDeclare = "declare";
inline constexpr std::string_view kGet = "get";
inline constexpr std::string_view kQuery = "query";
inline constexpr std::string_view kApply = "apply";
inline constexpr std::string_view kLease = "lease";

// Values of details.code.
inline constexpr std::string_view kInboxSeen = "inbox_seen";
inline constexpr std::string_view kDiskFull = "disk_full";

inline Buffer get_request(std::string_view collection, std::int64_t id) {
    return json::Writer().text("collection", collection).number("id", id).buffer();
}

// Finds by a unique key; `value_json` is a complete JSON value.
inline Buffer find_request(std::string_view collection, std::string_view key,
                           std::string_view value_json) {
    const auto values = "[" + std::string(value_json) + "]";
    return json::Writer()
        .text("collection", collection)
        .text("unique", key)
        .raw("values", values)
        .buffer();
}

// The list of changes of one `apply`, built as text. Arguments named `…_json` are complete JSON.
class Changes {
  public:
    Changes() { text_.reserve(kUsualSize); }

    Changes& insert(std::string_view collection, std::string_view record_json) {
        auto change = begin("insert");
        change.text("collection", collection).raw("record", record_json);
        return end(change);
    }
    Changes& update(std::string_view collection, std::int64_t id, std::int64_t version,
                    std::string_view set_json) {
        auto change = begin("update");
        change.text("collection", collection).number("id", id).number("version", version);
        return end(change.raw("set", set_json));
    }
    Changes& erase(std::string_view collection, std::int64_t id, std::int64_t version) {
        auto change = begin("delete");
        change.text("collection", collection).number("id", id).number("version", version);
        return end(change);
    }
    // An event whose data is the record of the change at `index`; `changes_json` may be empty.
    Changes& event_of(std::size_t index, std::string_view type, std::string_view subject,
                      std::string_view changes_json = {}) {
        auto change = begin("event");
        change.text("type", type).text("version", "1.0").text("subject", subject);
        change.number("record", static_cast<std::int64_t>(index));
        if (!changes_json.empty()) change.raw("changes", changes_json);
        return end(change);
    }
    Changes& event(std::string_view type, std::string_view subject, std::string_view data_json) {
        auto change = begin("event");
        change.text("type", type).text("version", "1.0").text("subject", subject);
        return end(change.raw("data", data_json));
    }
    // Refuses the whole list where `consumer` has seen the event before.
    Changes& inbox(std::string_view consumer, std::string_view event_id) {
        auto change = begin("inbox");
        return end(change.text("consumer", consumer).text("event_id", event_id));
    }
    Buffer buffer() const {
        constexpr std::string_view kHead = R"({"changes":[)";
        constexpr std::string_view kTail = "]}";
        return Buffer::make(kHead.size() + text_.size() + kTail.size(), [&](char* into) {
            for (const auto part : {kHead, std::string_view(text_), kTail})
                into += part.copy(into, part.size());
        });
    }

  private:
    // The one text grows from change to change, so that a list costs one allocation.
    json::Writer begin(std::string_view op) {
        if (!text_.empty()) text_ += ',';
        json::Writer change(std::move(text_));
        change.text("op", op);
        return change;
    }
    Changes& end(json::Writer& change) {
        text_ = change.take();
        return *this;
    }
    static constexpr std::size_t kUsualSize = 1000;
    std::string text_;  // the changes, between commas
};

// The raw text of the result at `index` of an apply's reply; empty where there is none.
inline std::string_view result_at(std::string_view reply, std::size_t index) {
    std::string_view found;
    json::scan_items(json::find_open_member(reply, "results"), [&](std::string_view item) {
        if (index-- > 0) return true;
        found = item;
        return false;
    });
    return found;
}

// Members of an error's details.
inline bool has_code(const Error& error, std::string_view code) {
    return json::to_plain_text(json::find_member(error.details, "code")) == code;
}
inline std::int64_t detail_number(const Error& error, std::string_view name) {
    return json::to_integer(json::find_member(error.details, name)).value_or(0);
}

}  // namespace streamwall::contracts::store
