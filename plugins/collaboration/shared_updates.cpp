#include "shared_updates.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::collaboration {

namespace {

namespace bj = boost::json;
constexpr std::string_view kCollection = "collaboration_updates";

bool is_digit(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

}  // namespace

bool is_base64(std::string_view text, std::size_t max_bytes) {
    if (text.empty() || text.size() > max_bytes || text.size() % 4 != 0) return false;
    const auto padding = text.ends_with("==") ? 2U : text.ends_with("=") ? 1U : 0U;
    text.remove_suffix(padding);
    return std::ranges::all_of(text, is_digit);
}

std::size_t SharedUpdates::bytes_of(const Updates& updates) {
    std::size_t bytes = 0;
    for (const auto& update : updates)
        bytes += update.content.size();
    return bytes;
}

Task<Result<>> SharedUpdates::load(std::string document) {
    if (documents_.contains(document)) co_return ok();
    Updates found;
    const bj::object mine{{"field", "document"}, {"op", "eq"}, {"value", document}};
    bj::object request{{"collection", kCollection}, {"limit", kMaxUpdates}};
    request["filter"] = mine;
    for (;;) {
        auto page = co_await store_.query(request, plugin_.host().own_context());
        if (!page) co_return std::move(page).error();
        for (const auto& item : page->at("records").as_array()) {
            const auto& record = item.as_object();
            found.push_back({records::number_at(record, "id"),
                             std::string(records::text_at(record, "content"))});
        }
        const auto& next = page->at("next_cursor");
        if (!next.is_string()) break;
        request["cursor"] = next;
    }
    if (documents_.size() >= kMaxLoaded) documents_.clear();  // read again where it is needed
    documents_.try_emplace(document, std::move(found));
    co_return ok();
}

Task<Result<SharedUpdates::Updates>> SharedUpdates::read(std::string document) {
    auto loaded = co_await load(document);
    if (!loaded) co_return std::move(loaded).error();
    co_return documents_[document];
}

Task<Result<std::int64_t>> SharedUpdates::add(std::string document, std::string content) {
    auto loaded = co_await load(document);
    if (!loaded) co_return std::move(loaded).error();
    const auto& known = documents_[document];
    if (known.size() >= kMaxUpdates || bytes_of(known) + content.size() > kMaxBytes) {
        co_return Error{SW_RESOURCE_EXHAUSTED, "the document has to be compacted first", {}, {}};
    }
    bj::array changes{
        records::change::insert(kCollection, {{"document", document}, {"content", content}})};
    auto results = co_await store_.apply(std::move(changes), plugin_.host().own_context());
    if (!results) co_return std::move(results).error();
    const auto number = records::number_at(results->at(0).as_object(), "id");
    const auto there = documents_.find(document);
    if (there != documents_.end()) there->second.push_back({number, std::move(content)});
    co_return number;
}

// The state is an update like any other, before all that it does not hold.
Task<Result<std::int64_t>> SharedUpdates::compact(std::string document, std::string state,
                                                  std::int64_t through) {
    auto loaded = co_await load(document);
    if (!loaded) co_return std::move(loaded).error();
    bj::array changes{
        records::change::insert(kCollection, {{"document", document}, {"content", state}})};
    for (const auto& update : documents_[document]) {
        if (update.number > through) continue;
        changes.push_back(
            bj::object{{"op", "delete"}, {"collection", kCollection}, {"id", update.number}});
    }
    if (changes.size() == 1) co_return Error::invalid("there is nothing up to there", "through");
    auto results = co_await store_.apply(std::move(changes), plugin_.host().own_context());
    if (!results) {
        documents_.erase(document);  // somebody else has compacted it
        co_return std::move(results).error();
    }
    const auto number = records::number_at(results->at(0).as_object(), "id");
    const auto there = documents_.find(document);
    if (there != documents_.end()) {
        std::erase_if(there->second, [&](const Update& each) { return each.number <= through; });
        there->second.push_front({number, std::move(state)});
    }
    co_return number;
}

bool SharedUpdates::should_compact(const std::string& document) const {
    const auto known = documents_.find(document);
    return known != documents_.end() &&
           (known->second.size() >= kMany || bytes_of(known->second) >= kMuch);
}

}  // namespace streamwall::collaboration
