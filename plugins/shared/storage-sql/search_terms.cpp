#include "storage-sql/search_terms.hpp"

#include <algorithm>

#include "storage-sql/filter.hpp"

namespace streamwall::storage {
namespace {

bool is_search(const boost::json::value& term) {
    const auto* object = term.if_object();
    return object != nullptr && text_member(*object, "op") == "search";
}

std::optional<SearchTerms::Beside> beside_of(const SearchIndex& search,
                                             const boost::json::value& term) {
    const auto* object = term.if_object();
    if (object == nullptr || text_member(*object, "op") != "eq") return std::nullopt;
    const auto found = std::ranges::find(search.beside, text_member(*object, "field"));
    const auto* value = object->if_contains("value");
    if (found == search.beside.end() || value == nullptr || !value->is_bool()) return std::nullopt;
    return SearchTerms::Beside{static_cast<std::size_t>(found - search.beside.begin()),
                               value->get_bool(), &term};
}

}  // namespace

Result<std::vector<std::string>> read_search(const Collection& collection,
                                             const boost::json::value& value) {
    if (!collection.search()) {
        return invalid("search", "the collection \"" + collection.name() + "\" declares no search");
    }
    if (!value.is_string()) return invalid("search", "\"search\" takes a text");
    return search_words({value.get_string().data(), value.get_string().size()});
}

bool SearchTerms::has_beside(std::size_t field) const {
    return std::ranges::find(beside, field, &Beside::field) != beside.end();
}

Result<std::optional<SearchTerms>> SearchTerms::of(const Collection& collection,
                                                   const boost::json::value& filter) {
    const auto* object = filter.if_object();
    if (object == nullptr || !collection.search()) return std::nullopt;
    SearchTerms terms;
    std::size_t searches = 0;
    const auto take = [&](const boost::json::value& term) -> Result<void> {
        if (!is_search(term)) {
            const auto beside = beside_of(*collection.search(), term);
            if (beside && !terms.has_beside(beside->field)) {
                terms.beside.push_back(*beside);
            } else {
                terms.rest.push_back(&term);
            }
            return {};
        }
        ++searches;
        auto words =
            read_search(collection, term.get_object().contains("value") ? term.at("value")
                                                                        : boost::json::value());
        if (!words) return std::unexpected(words.error());
        terms.words = std::move(*words);
        return {};
    };
    const auto* list = object->if_contains("and");
    if (list == nullptr) {
        if (auto taken = take(filter); !taken) return std::unexpected(taken.error());
    } else if (list->is_array() && list->get_array().size() <= kMaxListValues) {
        for (const auto& term : list->get_array()) {
            if (auto taken = take(term); !taken) return std::unexpected(taken.error());
        }
    }
    if (searches != 1 || terms.words.empty()) return std::nullopt;
    return terms;
}

}  // namespace streamwall::storage
