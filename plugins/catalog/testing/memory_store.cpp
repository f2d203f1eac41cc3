#include "memory_store.hpp"

#include "collection.hpp"

#include <streamwall/model/fields.hpp>
#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::catalog::testing {
namespace {

namespace bj = boost::json;

// All fields in declared order, `version` last, as the store's contract says.
bj::object render(const bj::object& fields, std::int64_t id, std::int64_t version) {
    bj::object out{{"id", id}};
    const auto add = [&](std::string_view name) {
        const auto* value = fields.if_contains(name);
        out[name] = value ? *value : bj::value(nullptr);
    };
    for (const auto& field : model::stream_fields()) {
        if (field.name == "id" || field.name == "version") continue;
        add(field.name);
        if (const auto other = repeated_field(field.name); !other.empty()) add(other);
    }
    out["version"] = version;
    return out;
}

bool is_live(const bj::object& record) {
    return record.at("archived") != true;
}

Error taken(std::int64_t id) {
    bj::object details{{"errors", {{{"field", "url"}, {"code", "taken"}}}}, {"id", id}};
    return {SW_ALREADY_EXISTS, "url is in use", "url", bj::serialize(details)};
}

}  // namespace

struct MemoryStore::Draft {
    std::map<std::int64_t, bj::object> records;
    std::vector<WrittenEvent> events;
    std::set<std::string> inbox;
    bj::array results;
    std::vector<bj::object> history;

    Result<> check_url(const bj::object& record) const {
        for (const auto& [id, other] : records) {
            if (id != record.at("id").as_int64() && is_live(other) && is_live(record) &&
                other.at("url") == record.at("url")) {
                return taken(id);
            }
        }
        return ok();
    }
};

void MemoryStore::call(Method method, Buffer request, const sw_context& context, Reply reply) {
    last_deadline_ns_ = context.deadline_ns;
    auto result = answer(method, request.view());
    if (!holds_) return reply(std::move(result));
    held_.emplace_back([reply = std::make_shared<Reply>(std::move(reply)),
                        result = std::move(result)] { (*reply)(result); });
}

void MemoryStore::release() {
    holds_ = false;
    while (!held_.empty()) {
        auto run = std::move(held_.front());
        held_.pop_front();
        run();
    }
}

void MemoryStore::fail_next_apply(Error error, bool applied) {
    failure_ = std::move(error);
    failure_applied_ = applied;
}

void MemoryStore::set(std::int64_t id, std::string_view field, bj::value value) {
    auto& record = records_.at(id);
    record[field] = std::move(value);
    record["version"] = record.at("version").as_int64() + 1;
}

Result<Buffer> MemoryStore::answer(Method method, std::string_view request) {
    const auto parsed = json::parse_object(request);
    if (!parsed) return parsed.error();
    if (method == Method::kGet) return get(*parsed);
    if (method == Method::kLease) {
        return Buffer(is_leased_ ? R"({"granted":false})" : R"({"granted":true,"token":1})");
    }
    if (method == Method::kQuery) {
        last_query_ = request;
        return query(*parsed);
    }
    ++applies_;
    if (auto run = std::exchange(before_apply_, nullptr)) run();
    auto failure = std::exchange(failure_, std::nullopt);
    if (failure && !failure_applied_) return *failure;
    auto result = apply(*parsed);
    if (failure) return *failure;
    return result;
}

Result<Buffer> MemoryStore::get(const bj::object& request) {
    ++gets_;
    if (request.contains("unique")) {
        for (const auto& [id, record] : records_) {
            if (is_live(record) && record.at("url") == request.at("values").at(0)) {
                return Buffer(bj::serialize(record));
            }
        }
        return Error::not_found("no record");
    }
    const auto found = records_.find(request.at("id").as_int64());
    if (found == records_.end()) return Error::not_found("no record");
    return Buffer(bj::serialize(found->second));
}

Result<Buffer> MemoryStore::query(const bj::object& request) {
    if (request.at("collection") != "stream_history") {
        return Buffer(page_ ? page_() : R"({"records":[],"count":0,"next_cursor":null})");
    }
    bj::array entries;
    const auto* filter = request.if_contains("filter");
    for (const auto& entry : history_) {
        if (filter == nullptr || filter->at("value") == entry.at("stream_id"))
            entries.push_back(entry);
    }
    if (request.at("sort").at(0).at("direction") == "desc") std::ranges::reverse(entries);
    const auto* offset = request.if_contains("offset");
    const auto skipped =
        offset == nullptr
            ? 0
            : std::min<std::int64_t>(offset->as_int64(), static_cast<std::int64_t>(entries.size()));
    const auto count = entries.size();
    entries.erase(entries.begin(), entries.begin() + skipped);
    return Buffer(bj::serialize(bj::object{{"records", entries}, {"count", count}}));
}

Result<Buffer> MemoryStore::apply(const bj::object& request) {
    Draft draft{records_, events_, inbox_, {}, history_};
    for (const auto& item : request.at("changes").as_array()) {
        auto result = change(draft, item.as_object());
        if (!result) {
            auto error = std::move(result).error();
            error.where = "changes[" + std::to_string(draft.results.size()) + "]." + error.where;
            return error;
        }
        draft.results.push_back(std::move(*result));
    }
    records_ = std::move(draft.records);
    events_ = std::move(draft.events);
    inbox_ = std::move(draft.inbox);
    history_ = std::move(draft.history);
    return Buffer(bj::serialize(bj::object{{"results", std::move(draft.results)}}));
}

Result<bj::value> MemoryStore::change(Draft& draft, const bj::object& change) {
    const auto& op = change.at("op").as_string();
    if (op == "insert") return insert(draft, change);
    if (op == "update") return update(draft, change);
    if (op == "delete") return remove(draft, change);
    if (op == "event") return event(draft, change);
    const std::string key(change.at("event_id").as_string());
    if (!draft.inbox.insert(key).second) {
        return Error{SW_ALREADY_EXISTS, "seen", {}, R"({"code":"inbox_seen"})"};
    }
    return bj::value(bj::object{});
}

Result<bj::value> MemoryStore::insert(Draft& draft, const bj::object& change) {
    if (change.at("collection") == "stream_history") {
        bj::object entry{{"id", draft.history.size() + 1}};
        for (const auto& [name, value] : change.at("record").as_object())
            entry[name] = value;
        entry["created_at"] = time_;
        entry["version"] = 1;
        draft.history.push_back(entry);
        return bj::value(std::move(entry));
    }
    auto record = render(change.at("record").as_object(), next_id_, 1);
    if (record["archived"].is_null()) record["archived"] = false;
    if (auto free = draft.check_url(record); !free) return std::move(free).error();
    draft.records[next_id_++] = record;
    return bj::value(std::move(record));
}

Result<bj::value> MemoryStore::update(Draft& draft, const bj::object& change) {
    const auto id = change.at("id").as_int64();
    const auto found = draft.records.find(id);
    if (found == draft.records.end()) return Error::not_found("no record");
    const auto version = found->second.at("version").as_int64();
    if (version != change.at("version").as_int64()) {
        return Error{
            SW_ABORTED, "version differs", {}, bj::serialize(bj::object{{"version", version}})};
    }
    for (const auto& [name, value] : change.at("set").as_object())
        found->second[name] = value;
    found->second["version"] = version + 1;
    if (auto free = draft.check_url(found->second); !free) return std::move(free).error();
    return bj::value(found->second);
}

Result<bj::value> MemoryStore::remove(Draft& draft, const bj::object& change) {
    if (change.at("collection") == "stream_history") {
        std::erase_if(draft.history,
                      [&](const auto& entry) { return entry.at("id") == change.at("id"); });
        return bj::value(bj::object{});
    }
    const auto found = draft.records.find(change.at("id").as_int64());
    if (found == draft.records.end()) return Error::not_found("no record");
    if (found->second.at("version") != change.at("version")) {
        return Error{SW_ABORTED, "version differs", {}, {}};
    }
    bj::value record = found->second;
    draft.records.erase(found);
    return record;
}

Result<bj::value> MemoryStore::event(Draft& draft, const bj::object& change) {
    WrittenEvent event{.type = std::string(change.at("type").as_string()),
                       .subject = std::string(change.at("subject").as_string()),
                       .data = {},
                       .changes = nullptr};
    if (const auto* index = change.if_contains("record")) {
        event.data = draft.results.at(static_cast<std::size_t>(index->as_int64())).as_object();
        if (const auto place = event.subject.find("{id}"); place != std::string::npos) {
            event.subject.replace(place, 4, std::to_string(event.data.at("id").as_int64()));
        }
    } else {
        event.data = change.at("data").as_object();
    }
    if (const auto* changes = change.if_contains("changes")) event.changes = *changes;
    draft.events.push_back(std::move(event));
    return bj::value(bj::object{{"id", "evt-1"}, {"sequence", 1}, {"epoch", "e"}});
}

}  // namespace streamwall::catalog::testing
