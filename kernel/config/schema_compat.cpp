#include "config/schema_compat.hpp"

#include "config/source.hpp"

#include <algorithm>

namespace streamwall::config {

namespace {

using Found = std::optional<Incompatibility>;

Found found(const std::string& member, std::string why) {
    return Incompatibility{member, std::move(why)};
}

bool requires_member(const SchemaNode& schema, const std::string& name) {
    return std::ranges::find(schema.required, name) != schema.required.end();
}

// Everything that `after` allows is allowed by `before`.
Found compare_values(const SchemaNode& before, const SchemaNode& after, const std::string& path) {
    // An integer is a number too.
    auto known = before.types;
    if (known & static_cast<std::uint8_t>(Type::kNumber)) {
        known |= static_cast<std::uint8_t>(Type::kInteger);
    }
    if (before.types != 0 && (after.types == 0 || (after.types & ~known) != 0)) {
        return found(path, "may now be of another type: it was " + describe(before) + ", it is " +
                               describe(after));
    }
    if (before.allowed.empty()) return {};
    if (after.allowed.empty()) return found(path, "may now be anything, not one of a list only");
    for (const auto& value : after.allowed) {
        if (std::ranges::find(before.allowed, value) == before.allowed.end()) {
            return found(path, "may now be " + print_for_message(value));
        }
    }
    return {};
}

template <class Bound>
bool is_lower(const std::optional<Bound>& before, const std::optional<Bound>& after) {
    return before && (!after || *after < *before);
}
template <class Bound>
bool is_higher(const std::optional<Bound>& before, const std::optional<Bound>& after) {
    return before && (!after || *after > *before);
}

Found compare_bounds(const SchemaNode& before, const SchemaNode& after, const std::string& path) {
    if (is_lower(before.minimum, after.minimum) ||
        is_lower(before.exclusive_minimum, after.exclusive_minimum)) {
        return found(path, "may now be smaller");
    }
    if (is_higher(before.maximum, after.maximum) ||
        is_higher(before.exclusive_maximum, after.exclusive_maximum)) {
        return found(path, "may now be greater");
    }
    if (is_lower(before.min_length, after.min_length) ||
        is_lower(before.min_items, after.min_items)) {
        return found(path, "may now be shorter");
    }
    if (is_higher(before.max_length, after.max_length) ||
        is_higher(before.max_items, after.max_items)) {
        return found(path, "may now be longer");
    }
    if (before.unique_items && !after.unique_items) return found(path, "may now hold repetitions");
    if (!before.pattern_text.empty() && before.pattern_text != after.pattern_text) {
        return found(path, "follows another pattern");
    }
    if (before.format != nullptr && before.format != after.format) {
        return found(path, "has another format");
    }
    return {};
}

Found compare_members(const SchemaNode& before, const SchemaNode& after, const std::string& path) {
    for (const auto& [name, schema] : before.properties) {
        const auto member = join_path(path, name);
        const auto* now = after.find_property(name);
        if (now == nullptr) return found(member, "is gone");
        if (requires_member(before, name) && !requires_member(after, name)) {
            return found(member, "may now be absent");
        }
        if (auto broken = find_break(*schema, *now)) {
            broken->member = broken->member.empty()            ? member
                             : broken->member.starts_with('[') ? member + broken->member
                                                               : join_path(member, broken->member);
            return broken;
        }
    }
    if (before.allows_additional != false) return {};
    for (const auto& [name, schema] : after.properties) {
        const bool is_known = std::ranges::any_of(
            before.properties, [&](const auto& property) { return property.first == name; });
        if (!is_known) return found(join_path(path, name), "is new, and nothing new was allowed");
    }
    return {};
}

// Alternatives are compared one by one: a new order or number of them counts as a break.
Found compare_branches(const std::vector<SchemaNode::Ptr>& before,
                       const std::vector<SchemaNode::Ptr>& after) {
    if (before.size() != after.size()) return found("", "has other alternatives");
    for (std::size_t n = 0; n < before.size(); ++n) {
        if (auto broken = find_break(*before[n], *after[n])) return broken;
    }
    return {};
}

}  // namespace

Found find_break(const SchemaNode& before, const SchemaNode& after) {
    if (auto broken = compare_values(before, after, "")) return broken;
    if (auto broken = compare_bounds(before, after, "")) return broken;
    if (auto broken = compare_members(before, after, "")) return broken;
    if (before.items) {
        if (!after.items) return found("[]", "may now be anything");
        if (auto broken = find_break(*before.items, *after.items)) {
            broken->member = "[]" + (broken->member.empty() ? "" : "." + broken->member);
            return broken;
        }
    }
    for (const auto branches : {&SchemaNode::one_of, &SchemaNode::any_of, &SchemaNode::all_of}) {
        if (auto broken = compare_branches(before.*branches, after.*branches)) return broken;
    }
    return {};
}

Found find_difference(const SchemaNode& one, const SchemaNode& other) {
    if (auto broken = find_break(one, other)) return broken;
    if (auto broken = find_break(other, one)) return broken;
    return {};
}

}  // namespace streamwall::config
