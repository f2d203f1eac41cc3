#include "gates.hpp"

#include <streamwall/model/text.hpp>
#include <streamwall/records/store.hpp>

#include <algorithm>
#include <array>
#include <functional>

namespace streamwall::features {
namespace {

namespace bj = boost::json;
using records::FieldErrors;
using records::find_given;

constexpr std::size_t kMaxKey = 63;
constexpr std::size_t kMaxNodes = 200;
constexpr std::size_t kMaxNodeName = 63;
constexpr std::size_t kMaxUsers = 1000;
constexpr std::array<std::string_view, 3> kRoles = {"viewer", "editor", "admin"};

bj::array sorted(bj::array list) {
    std::ranges::sort(list, [](const bj::value& a, const bj::value& b) {
        if (a.is_int64() && b.is_int64()) return a.get_int64() < b.get_int64();
        return bj::serialize(a) < bj::serialize(b);
    });
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
}

// A list whose items all pass; null and nothing are told apart: null is the empty list.
struct ListRule {
    std::size_t most;
    std::function<bool(const bj::value&)> takes;
    std::string_view wanted;
};

std::optional<bj::array> read_list(const bj::object& body, std::string_view name,
                                   const ListRule& rule, FieldErrors& errors) {
    const auto* given = body.if_contains(name);
    if (given == nullptr) return std::nullopt;
    if (given->is_null()) return bj::array();
    const auto* list = given->if_array();
    if (list == nullptr) {
        errors.add(name, "type", "must be a list");
    } else if (list->size() > rule.most) {
        errors.add(name, "too_long", "must have at most " + std::to_string(rule.most) + " items");
    } else if (!std::ranges::all_of(*list, rule.takes)) {
        errors.add(name, "unknown_value", "must be a list of " + std::string(rule.wanted));
    } else {
        return sorted(*list);
    }
    return std::nullopt;
}

bool is_node_name(const bj::value& item) {
    if (!item.is_string()) return false;
    const std::string_view name = item.get_string();
    return !name.empty() && name.size() <= kMaxNodeName && std::ranges::all_of(name, [](char c) {
        return model::is_alnum(c) || c == '-' || c == '_' || c == '.';
    });
}

void read_percentage(const bj::object& body, std::string_view name, bj::object& set,
                     FieldErrors& errors) {
    const auto* given = body.if_contains(name);
    if (given == nullptr) return;
    if (given->is_null()) {
        set[name] = nullptr;
    } else if (!given->is_int64()) {
        errors.add(name, "type", "must be a whole number or null");
    } else if (given->get_int64() < 0 || given->get_int64() > 100) {
        errors.add(name, "out_of_range", "must be 0 to 100");
    } else {
        set[name] = given->get_int64();
    }
}

void read_key(const bj::object& body, bj::object& set, FieldErrors& errors) {
    const auto* key = find_given(body, "key");
    if (key == nullptr) return errors.add("key", "required", "is required");
    if (!key->is_string()) return errors.add("key", "type", "must be a text");
    if (!is_key(key->get_string())) {
        return errors.add("key", "format",
                          "must have 1 to 63 of a-z, 0-9 and _, a letter at the beginning");
    }
    set["key"] = key->get_string();
}

bool holds(const bj::array& list, const bj::value& item) {
    return std::ranges::find(list, item) != list.end();
}

bj::array without(const bj::array& list, const bj::array& gone) {
    bj::array out;
    for (const auto& item : list)
        if (!holds(gone, item)) out.push_back(item);
    return out;
}

}  // namespace

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= kMaxKey && model::is_lower(text.front()) &&
           std::ranges::all_of(
               text, [](char c) { return model::is_lower(c) || model::is_digit(c) || c == '_'; });
}

std::optional<bj::array> read_nodes(const bj::object& from, FieldErrors& errors) {
    return read_list(from, "nodes", {kMaxNodes, is_node_name, "names of nodes"}, errors);
}

Result<bj::object> read_flag_body(std::string_view request, bool is_new) {
    const auto body = records::read_body(request, "feature");
    if (!body) return body.error();
    FieldErrors errors;
    bj::object set;
    if (is_new) read_key(*body, set, errors);
    if (const auto enabled = records::read_flag(*body, "enabled", errors)) {
        set["enabled"] = *enabled;
    }
    if (auto nodes = read_nodes(*body, errors)) set["nodes"] = std::move(*nodes);
    const auto is_role = [](const bj::value& item) {
        return item.is_string() &&
               std::ranges::find(kRoles, std::string_view(item.get_string())) != kRoles.end();
    };
    const ListRule roles{kRoles.size(), is_role, "viewer, editor, admin"};
    if (auto list = read_list(*body, "roles", roles, errors)) set["roles"] = std::move(*list);
    const auto is_user = [](const bj::value& item) {
        return item.is_int64() && item.get_int64() > 0;
    };
    const ListRule users{kMaxUsers, is_user, "ids of users"};
    if (auto list = read_list(*body, "users", users, errors)) set["users"] = std::move(*list);
    read_percentage(*body, "percentage_of_actors", set, errors);
    read_percentage(*body, "percentage_of_time", set, errors);
    records::refuse_unknown(
        *body, request,
        {"key", "enabled", "nodes", "roles", "users", "percentage_of_actors", "percentage_of_time"},
        errors);
    if (errors.any()) return errors.error();
    return set;
}

bj::object enabling(const bj::object& now, const bj::array& nodes) {
    if (nodes.empty()) return {{"enabled", true}, {"nodes", bj::array()}};
    if (!records::flag_at(now, "enabled")) return {{"enabled", true}, {"nodes", nodes}};
    const auto& gate = now.at("nodes").as_array();
    if (gate.empty()) return {};
    auto both = gate;
    both.insert(both.end(), nodes.begin(), nodes.end());
    return {{"nodes", sorted(std::move(both))}};
}

bj::object disabling(const bj::object& now, const bj::array& nodes, const bj::array& known) {
    if (nodes.empty()) return {{"enabled", false}};
    if (!records::flag_at(now, "enabled")) return {};
    const auto& gate = now.at("nodes").as_array();
    auto left = sorted(without(gate.empty() ? known : gate, nodes));
    if (left.empty()) return {{"enabled", false}, {"nodes", bj::array()}};
    return {{"nodes", std::move(left)}};
}

}  // namespace streamwall::features
