#include "person.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace streamwall::collaboration {

namespace {

constexpr std::array<std::string_view, 8> kColors = {"#e6194b", "#3cb44b", "#4363d8", "#f58231",
                                                     "#911eb4", "#008080", "#9a6324", "#808000"};

constexpr std::array<std::string_view, 3> kRoles = {"viewer", "collaborator", "owner"};

std::string_view color_of(std::string_view id) {
    std::size_t number = 0;
    const auto read = std::from_chars(id.data(), id.data() + id.size(), number);
    if (read.ec != std::errc{} || read.ptr != id.data() + id.size()) {
        for (const char c : id)
            number = number * 31 + static_cast<unsigned char>(c);
    }
    return kColors[number % kColors.size()];
}

bool has_scope(std::string_view scopes, std::string_view wanted) {
    while (!scopes.empty()) {
        const auto scope = scopes.substr(0, scopes.find(' '));
        if (scope == wanted) return true;
        scopes.remove_prefix(std::min(scopes.size(), scope.size() + 1));
    }
    return false;
}

std::optional<Role> find_role(std::string_view role, std::string_view scopes) {
    if (role == "admin" || has_scope(scopes, "admin")) return Role::kOwner;
    if (role == "editor" || has_scope(scopes, "streams:write")) return Role::kCollaborator;
    if (role == "viewer" || has_scope(scopes, "streams:read")) return Role::kViewer;
    return std::nullopt;
}

// Of an e-mail address the part that is no address.
std::string_view shown_name(std::string_view name, std::string_view id) {
    const auto shown = name.substr(0, name.find('@'));
    return shown.empty() ? id : shown;
}

}  // namespace

std::string_view name_of(Role role) {
    return kRoles[static_cast<std::size_t>(role)];
}

Role role_of(std::string_view name) {
    const auto found = std::ranges::find(kRoles, name);
    return found == kRoles.end() ? Role::kViewer : static_cast<Role>(found - kRoles.begin());
}

std::optional<Person> make_person(std::string_view type, std::string_view id, std::string_view name,
                                  std::string_view role, std::string_view scopes) {
    const auto found = find_role(role, scopes);
    if (!found) return std::nullopt;
    return Person{std::string(type), std::string(id), std::string(shown_name(name, id)),
                  std::string(color_of(id)), *found};
}

std::optional<Person> make_person(const sw_context& context) {
    return make_person(to_view(context.principal_type), to_view(context.principal_id),
                       to_view(context.principal_name), to_view(context.role),
                       to_view(context.scopes));
}

void describe(const Person& person, boost::json::object& message) {
    std::int64_t number = 0;
    const auto* end = person.id.data() + person.id.size();
    const auto read = std::from_chars(person.id.data(), end, number);
    const bool is_number = person.type == "user" && read.ec == std::errc{} && read.ptr == end;
    message["user"] = person.name;
    message["user_id"] = is_number ? boost::json::value(number) : boost::json::value(person.id);
    message["user_name"] = person.name;
    message["user_color"] = person.color;
}

Context as_writer(const sw_context& context, const Person& person) {
    auto raw = context;
    const auto scopes = std::string(to_view(context.scopes)) + " streams:write";
    if (person.may_edit()) raw.scopes = to_str(scopes);
    raw.home = nullptr;
    return Context(raw);
}

}  // namespace streamwall::collaboration
