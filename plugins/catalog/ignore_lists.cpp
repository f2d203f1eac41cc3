#include "ignore_lists.hpp"

#include <streamwall/contracts/resources.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/model/url_identity.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;
namespace names = contracts::resources;
namespace change = records::change;

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxDomain = 253;
constexpr std::size_t kMaxNotes = 10'000;

using Listed = std::pair<std::string_view, std::string_view>;
constexpr std::array<Listed, 4> kTypes{{{names::kTwitchUser, "twitch_users"},
                                        {names::kDiscordUser, "discord_users"},
                                        {names::kUrl, "urls"},
                                        {names::kDomain, "domains"}}};

constexpr std::array kFilters =
    std::to_array<ListFilter>({{"list_type", "list_type"}, {"value", "value"}});

constexpr ResourceKind kKind{.collection = "ignore_lists",
                             .name = "ignore_entry",
                             .title = "ignore entry",
                             .wrapper = "ignore_list",
                             .list = {.collection = "ignore_lists",
                                      .filters = kFilters,
                                      .searched = R"(["value","notes"])",
                                      .sorts = " created_at value ",
                                      .default_sort = "created_at",
                                      .default_is_descending = true}};

bool is_domain(std::string_view text) {
    if (text.size() > kMaxDomain || text.find('.') == text.npos) return false;
    while (true) {
        const auto dot = std::min(text.find('.'), text.size());
        const auto label = text.substr(0, dot);
        const bool is_label =
            !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
            std::ranges::all_of(label, [](char c) { return model::is_alnum(c) || c == '-'; });
        if (!is_label) return false;
        if (dot == text.size()) return true;
        text.remove_prefix(dot + 1);
    }
}

std::optional<std::string> normal_user(std::string_view value) {
    auto name = folded(value);
    const bool has_blank = std::ranges::any_of(
        name, [](char c) { return model::is_space(c) || static_cast<unsigned char>(c) < 0x20; });
    if (name.empty() || has_blank || model::count_code_points(name) > kMaxName) return {};
    return name;
}

std::optional<std::string> normal_domain(std::string_view value) {
    auto domain = model::to_lower(model::trim(value));
    if (domain.starts_with("www.")) domain.erase(0, 4);
    if (domain.ends_with('.')) domain.pop_back();
    if (!is_domain(domain)) return std::nullopt;
    return domain;
}

std::optional<std::string> normal_url(std::string_view value) {
    std::string text(model::trim(value));
    if (text.find("://") == text.npos) text.insert(0, "https://");
    while (text.ends_with('/'))
        text.pop_back();
    auto known = model::normalise_for_record(text);
    if (!known) return std::nullopt;
    while (known->url.ends_with('/'))
        known->url.pop_back();
    return std::move(known->url);
}

void refuse_value(std::string_view list_type, records::FieldErrors& errors) {
    if (list_type == names::kUrl) {
        errors.add("value", "format", "must be the URL of a stream or page");
    } else if (list_type == names::kDomain) {
        errors.add("value", "format", "must be a domain, such as example.com");
    } else {
        errors.add("value", "format", "must be a name without blanks, of at most 255 characters");
    }
}

bj::array errors_of(const Error& error) {
    const auto details = json::parse(error.details);
    if (details && details->is_object()) {
        const auto* errors = details->get_object().if_contains("errors");
        if (errors != nullptr && errors->is_array()) return errors->get_array();
    }
    bj::array out;
    out.push_back({{"field", error.where}, {"code", "invalid"}, {"message", error.message}});
    return out;
}

bj::array in_use() {
    bj::array out;
    out.push_back({{"field", "value"}, {"code", "taken"}, {"message", "is in use"}});
    return out;
}

// {"NAME":[…]} out of a body; INVALID_ARGUMENT where there is none, or too many.
Result<bj::array> read_list(const bj::object& body, std::string_view name) {
    records::FieldErrors errors;
    const auto* given = records::find_given(body, name);
    if (given == nullptr) {
        errors.add(name, "required", "is required");
    } else if (!given->is_array()) {
        errors.add(name, "type", "must be a list");
    } else if (given->get_array().size() > IgnoreLists::kMaxBulk) {
        errors.add(name, "too_many", "must have at most 1000 items");
    }
    if (errors.any()) return errors.error();
    return given->get_array();
}

}  // namespace

std::optional<std::string> normalise_ignored(std::string_view list_type, std::string_view value) {
    if (list_type == names::kUrl) return normal_url(value);
    if (list_type == names::kDomain) return normal_domain(value);
    return normal_user(value);
}

IgnoreLists::IgnoreLists(StorePort& store) : Resource(kKind, store) {}

std::string IgnoreLists::declaration() {
    return R"({"name":"ignore_lists","fields":[{"name":"list_type","type":"text"},)"
           R"({"name":"value","type":"text"},{"name":"notes","type":"text"}],)"
           R"("search":)" +
           search_declaration(kKind.list) + "," +
           R"("unique":[{"name":"value","fields":["list_type","value"]}],)"
           R"("indexes":[{"name":"type","fields":["list_type"]},)"
           R"({"name":"value","fields":["value"]}]})";
}

std::string_view IgnoreLists::shown_field(std::string_view) const {
    return "value";
}

Result<bj::object> IgnoreLists::read(const Body& body) const {
    records::FieldErrors errors;
    bj::object values;
    const auto& members = body.members;
    if (auto type = records::read_word(
            members, "list_type",
            {names::kTwitchUser, names::kDiscordUser, names::kUrl, names::kDomain}, errors)) {
        values["list_type"] = *type;
    }
    if (auto value = records::read_text(members, "value", model::kMaxUrlBytes, errors)) {
        values["value"] = *value;
    }
    for (const std::string_view name : {"list_type", "value"}) {
        const auto* given = members.if_contains(name);
        const bool is_null = given != nullptr && given->is_null();
        if (is_null || (given == nullptr && body.needs_all())) {
            errors.add(name, "required", "is required");
        }
    }
    if (auto notes = records::read_text(members, "notes", kMaxNotes, errors)) {
        values["notes"] = *notes;
    } else if (members.contains("notes")) {
        values["notes"] = nullptr;
    }
    records::refuse_unknown(
        members, body.request,
        {"list_type", "value", "notes", "id", "created_at", "updated_at", "version"}, errors);
    if (errors.any()) return errors.error();
    return values;
}

// Another type of list may ask for another spelling of the same value.
Result<> IgnoreLists::derive(Object& values, const Object* before, const Context&) const {
    const auto given = [&](std::string_view name) {
        const auto text = records::text_at(values, name);
        return std::string(text.empty() && before != nullptr ? records::text_at(*before, name)
                                                             : text);
    };
    if (before != nullptr && !values.contains("value") && !values.contains("list_type")) {
        return ok();
    }
    const auto type = given("list_type");
    if (auto value = normalise_ignored(type, values.contains("value")
                                                 ? std::string(values.at("value").as_string())
                                                 : given("value"))) {
        values["value"] = std::move(*value);
        return ok();
    }
    records::FieldErrors errors;
    refuse_value(type, errors);
    return errors.error();
}

Flow<> IgnoreLists::by_type(std::string, Context context) {
    bj::object query{{"collection", kKind.collection}};
    query["sort"] = bj::array{{{"field", "value"}}};
    const auto all = co_await query_all(std::move(query), std::move(context));
    if (!all) co_return all.error();
    bj::object out;
    for (const auto& [type, list] : kTypes)
        out[list] = bj::array();
    for (const auto& item : *all) {
        const auto& entry = item.as_object();
        const auto type =
            std::ranges::find(kTypes, records::text_at(entry, "list_type"), &Listed::first);
        if (type == kTypes.end()) continue;
        out[type->second].as_array().push_back(entry.at("value"));
    }
    co_return Buffer(bj::serialize(out));
}

std::vector<IgnoreLists::Entry> IgnoreLists::read_entries(const Array& given,
                                                          const Context& context) const {
    std::vector<Entry> out;
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto& item : given) {
        auto& entry = out.emplace_back();
        entry.index = out.size() - 1;
        if (!item.is_object()) {
            entry.errors = errors_of(Error::invalid("must be an object"));
            continue;
        }
        auto values = read({.members = item.get_object(), .request = "{}"});
        if (values) {
            const auto derived = derive(*values, nullptr, context);
            if (!derived) values = derived.error();
        }
        if (!values) {
            entry.errors = errors_of(values.error());
            continue;
        }
        entry.values = std::move(*values);
        const bool is_new = seen.emplace(records::text_at(entry.values, "list_type"),
                                         records::text_at(entry.values, "value"))
                                .second;
        if (!is_new) entry.errors = in_use();
    }
    return out;
}

// Asks in few steps for all entries that are on a list already.
Flow<std::monostate> IgnoreLists::mark_known(std::vector<Entry>& entries, Context context) {
    for (const auto& [type, list] : kTypes) {
        std::map<std::string, Entry*> wanted;
        for (auto& entry : entries) {
            if (entry.errors.empty() && records::text_at(entry.values, "list_type") == type) {
                wanted.emplace(records::text_at(entry.values, "value"), &entry);
            }
        }
        for (auto at = wanted.begin(); at != wanted.end();) {
            bj::array some;
            for (; at != wanted.end() && some.size() < kMaxListed; ++at)
                some.emplace_back(at->first);
            bj::array both;
            both.push_back({{"field", "list_type"}, {"op", "eq"}, {"value", type}});
            both.push_back({{"field", "value"}, {"op", "in"}, {"value", std::move(some)}});
            bj::object query{{"collection", kKind.collection}};
            query["filter"] = bj::object{{"and", std::move(both)}};
            const auto known = co_await query_all(std::move(query), context);
            if (!known) co_return known.error();
            for (const auto& record : *known)
                wanted.at(std::string(records::text_at(record.as_object(), "value")))->errors =
                    in_use();
        }
    }
    co_return ok();
}

Flow<> IgnoreLists::bulk_create(std::string request, Context context) {
    const auto body = read_request(request, model::InputMode::kCreate);
    if (!body) co_return body.error();
    const auto given = read_list(body->members, "entries");
    if (!given) co_return given.error();
    auto entries = read_entries(*given, context);
    if (auto marked = co_await mark_known(entries, context); !marked) co_return marked.error();
    bj::array created;
    for (bool done = false; !done;) {
        bj::array changes;
        std::vector<Entry*> inserted;
        for (auto& entry : entries) {
            if (!entry.errors.empty()) continue;
            const auto at = static_cast<std::int64_t>(changes.size());
            changes.push_back(change::insert(kKind.collection, entry.values));
            changes.push_back(change::event(event_type("created"), "ignore_entry/{id}", at));
            inserted.push_back(&entry);
        }
        if (inserted.empty()) break;
        auto results = co_await apply(std::move(changes), context);
        const auto blamed =
            results ? -1 : contracts::store::detail_number(results.error(), "change");
        if (results.code() == SW_ALREADY_EXISTS && blamed >= 0) {
            inserted.at(static_cast<std::size_t>(blamed) / 2)->errors = in_use();
            continue;
        }
        if (!results) co_return results.error();
        for (std::size_t i = 0; i < results->size(); i += 2)
            created.push_back(std::move((*results)[i]));
        done = true;
    }
    bj::array errors;
    for (auto& entry : entries) {
        if (entry.errors.empty()) continue;
        const auto& item = (*given)[entry.index];
        const auto* value = item.is_object() ? item.get_object().if_contains("value") : nullptr;
        bj::object refused{{"index", entry.index}};
        refused["value"] = value == nullptr ? bj::value() : *value;
        refused["errors"] = std::move(entry.errors);
        errors.push_back(std::move(refused));
    }
    bj::object out{{"created", std::move(created)}, {"errors", std::move(errors)}};
    co_return Buffer(bj::serialize(out));
}

Flow<> IgnoreLists::bulk_delete(std::string request, Context context) {
    const auto body = read_request(request, model::InputMode::kCreate);
    if (!body) co_return body.error();
    auto ids = read_list(body->members, "ids");
    if (!ids) co_return ids.error();
    const bool are_ids = std::ranges::all_of(*ids, [](const bj::value& id) {
        return id.is_int64() && id.get_int64() >= 1 && id.get_int64() <= model::kMaxId;
    });
    if (!are_ids) {
        records::FieldErrors errors;
        errors.add("ids", "type", "must be a list of ids");
        co_return errors.error();
    }
    for (;;) {
        bj::array changes;
        for (std::size_t from = 0; from < ids->size(); from += kMaxListed) {
            const auto count = std::min(kMaxListed, ids->size() - from);
            const auto* first = ids->data() + from;
            bj::object filter{{"field", "id"}, {"op", "in"}};
            filter["value"] = bj::array(first, first + count);
            bj::object query{{"collection", kKind.collection}};
            query["filter"] = std::move(filter);
            const auto found = co_await query_all(std::move(query), context);
            if (!found) co_return found.error();
            for (const auto& record : *found) {
                const auto& entry = record.as_object();
                const auto id = std::to_string(records::number_at(entry, "id"));
                const auto at = static_cast<std::int64_t>(changes.size());
                changes.push_back(change::erase(kKind.collection, entry));
                changes.push_back(change::event(event_type("deleted"), "ignore_entry/" + id, at));
            }
        }
        const auto count = static_cast<std::int64_t>(changes.size() / 2);
        const auto reply = json::Writer().number("deleted_count", count).buffer();
        if (count == 0) co_return reply;
        const auto results = co_await apply(std::move(changes), context);
        if (results) co_return reply;
        // Somebody else changed or deleted one of them meanwhile.
        if (results.code() != SW_ABORTED && results.code() != SW_NOT_FOUND) {
            co_return results.error();
        }
    }
}

}  // namespace streamwall::catalog
