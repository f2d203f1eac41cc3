// Who takes part, and what they may do.
#pragma once

#include <streamwall/sdk/context.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace streamwall::collaboration {

enum class Role { kViewer, kCollaborator, kOwner };
std::string_view name_of(Role role);
// Of such a name; a viewer's of any other.
Role role_of(std::string_view name);

struct Person {
    std::string type;  // of the principal: user, key, …
    std::string id;
    std::string name;
    std::string color;
    Role role = Role::kViewer;

    std::string key() const { return type + ":" + id; }
    bool may_edit() const { return role != Role::kViewer; }
    // Whether it is the same somebody, on whatever connection.
    bool is(const Person& other) const { return type == other.type && id == other.id; }
};

// Nothing for those who may not even watch. Editors and keys that write are collaborators,
// administrators owners.
std::optional<Person> make_person(std::string_view type, std::string_view id, std::string_view name,
                                  std::string_view role, std::string_view scopes);
std::optional<Person> make_person(const sw_context& context);

// Adds user, user_id, user_name and user_color.
void describe(const Person& person, boost::json::object& message);

// The person's context for changes in the catalog: whoever may edit here may write there.
Context as_writer(const sw_context& context, const Person& person);

}  // namespace streamwall::collaboration
