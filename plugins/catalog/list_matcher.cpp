#include "list_matcher.hpp"

#include "collection.hpp"

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <storage-sql/search.hpp>
#include <storage-sql/text_match.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace streamwall::catalog {
namespace {

// The text of a JSON string, whatever it escapes; nothing for what is none.
std::optional<std::string> text_of(std::string_view raw) {
    if (const auto plain = json::to_plain_text(raw)) return std::string(*plain);
    const auto value = json::parse(raw);
    if (!value || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

// Two texts of JSON may escape the same characters differently.
bool is_same(std::string_view raw, std::string_view other) {
    if (raw == other) return true;
    if (raw.find('\\') == raw.npos && other.find('\\') == other.npos) return false;
    const auto text = text_of(raw);
    return text && text == text_of(other);
}

bool is_utc_time(std::string_view text) {
    return text.size() == std::string_view("2026-01-31T12:34:56.789Z").size() && text.back() == 'Z';
}

bool finds(const std::vector<std::string>& words, std::string_view record) {
    const auto fields = searched_fields();
    std::vector<std::optional<std::string>> kept(fields.size());
    json::scan_members(record, [&](std::string_view key, std::string_view value) {
        const auto found = std::ranges::find(fields, key);
        if (found != fields.end()) {
            kept[static_cast<std::size_t>(found - fields.begin())] = text_of(value);
        }
        return true;
    });
    std::vector<std::optional<std::string_view>> views(kept.begin(), kept.end());
    const auto text = storage::searched_text(views);
    return std::ranges::all_of(
        words, [&](const auto& word) { return storage::has_word_prefix(text, word); });
}

}  // namespace

std::unique_ptr<const ListMatcher> ListMatcher::make(std::string_view filter) {
    const auto parsed = json::parse(filter);
    auto out = std::make_unique<ListMatcher>();
    if (!parsed || !read(*parsed, out->root_)) return nullptr;
    return out;
}

bool ListMatcher::read(const boost::json::value& filter, Term& out) {
    const auto* object = filter.if_object();
    if (object == nullptr) return false;
    if (const auto* list = object->if_contains("and")) {
        if (!list->is_array()) return false;
        for (const auto& item : list->get_array()) {
            if (!read(item, out.inner.emplace_back())) return false;
        }
        return true;
    }
    if (const auto* inner = object->if_contains("not")) {
        out.kind = Kind::kNot;
        return read(*inner, out.inner.emplace_back());
    }
    const auto* op = object->if_contains("op");
    const auto* value = object->if_contains("value");
    if (op == nullptr || value == nullptr) return false;
    if (*op == "search" && value->is_string()) {
        out.kind = Kind::kSearch;
        auto words = storage::search_words(std::string_view(value->get_string()));
        if (words) out.values = std::move(*words);
        return words.has_value();
    }
    const auto* field = object->if_contains("field");
    if (field == nullptr || !field->is_string()) return false;
    out.field = field->get_string();
    constexpr std::array<std::string_view, 2> kRestless = {"updated_at", "last_checked_at"};
    if (std::ranges::find(kRestless, out.field) != kRestless.end()) return false;
    if (*op == "ge" && value->is_string() && is_utc_time(std::string_view(value->get_string()))) {
        out.kind = Kind::kFrom;
        out.values.push_back(boost::json::serialize(*value));
        return true;
    }
    out.kind = Kind::kIn;
    if (*op == "eq") {
        out.values.push_back(boost::json::serialize(*value));
        return true;
    }
    if (*op != "in" || !value->is_array()) return false;
    for (const auto& item : value->get_array())
        out.values.push_back(boost::json::serialize(item));
    return true;
}

bool ListMatcher::matches(std::string_view record) const {
    return holds(root_, record);
}

bool ListMatcher::holds(const Term& term, std::string_view record) {
    switch (term.kind) {
        case Kind::kAnd:
            return std::ranges::all_of(term.inner,
                                       [&](const Term& inner) { return holds(inner, record); });
        case Kind::kNot:
            return !holds(term.inner.front(), record);
        case Kind::kSearch:
            return term.values.empty() || finds(term.values, record);
        case Kind::kFrom: {
            const auto value = json::find_member(record, term.field);
            return value.starts_with('"') && value >= term.values.front();
        }
        case Kind::kIn:
            break;
    }
    const auto value = json::find_member(record, term.field);
    return std::ranges::any_of(term.values,
                               [&](const auto& wanted) { return is_same(value, wanted); });
}

}  // namespace streamwall::catalog
