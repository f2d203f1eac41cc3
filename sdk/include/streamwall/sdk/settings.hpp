// Settings: a struct bound to the manifest's `settings` by one macro.
//
//   struct Settings { std::string url; std::vector<std::string> channels; };
//   STREAMWALL_SETTINGS(Settings, url, channels)
//
// The build compares the names with plugin.yaml; the host has validated types and filled defaults.
#pragma once

#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall {

// A text that is not printed by accident.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    const std::string& reveal() const { return value_; }
    bool empty() const { return value_.empty(); }

  private:
    std::string value_;
};

namespace detail {

inline void read(const boost::json::value& from, std::string& to) {
    to = from.as_string();
}
inline void read(const boost::json::value& from, bool& to) {
    to = from.as_bool();
}
inline void read(const boost::json::value& from, double& to) {
    to = from.to_number<double>();
}
inline void read(const boost::json::value& from, Secret& to) {
    to = Secret(std::string(from.as_string()));
}
template <std::integral T>
void read(const boost::json::value& from, T& to) {
    to = from.to_number<T>();
}
// "250ms", "5s", "1m30s", "24h", "7d", as the schema's format `duration`.
inline void read(const boost::json::value& from, std::chrono::milliseconds& to) {
    const std::string_view text = from.as_string();
    constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {{"ns", 1},
                                                                    {"us", 1'000},
                                                                    {"ms", 1'000'000},
                                                                    {"s", 1'000'000'000},
                                                                    {"m", 60'000'000'000},
                                                                    {"h", 3'600'000'000'000},
                                                                    {"d", 86'400'000'000'000}};
    std::chrono::nanoseconds total{0};
    auto rest = text;
    do {
        std::int64_t count = 0;
        const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        const auto name = rest.substr(0, rest.find_first_of("0123456789"));
        const auto unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                       [&](const auto& each) { return each.first == name; });
        if (failed != std::errc{} || unit == std::end(kUnits)) {
            throw std::invalid_argument("not a duration: " + std::string(text));
        }
        total += std::chrono::nanoseconds(count * unit->second);
        rest.remove_prefix(name.size());
    } while (!rest.empty());
    to = std::chrono::duration_cast<std::chrono::milliseconds>(total);
}
template <class T>
void read(const boost::json::value& from, std::vector<T>& to) {
    to.clear();
    for (const auto& item : from.as_array())
        read(item, to.emplace_back());
}
template <class T>
void read(const boost::json::value& from, std::optional<T>& to) {
    to.reset();
    if (!from.is_null()) read(from, to.emplace());
}

constexpr std::size_t count_names(std::string_view list) {
    return list.empty() ? 0
                        : static_cast<std::size_t>(std::count(list.begin(), list.end(), ',')) + 1;
}
// Names of a comma list of identifiers, as #__VA_ARGS__ gives it.
template <std::size_t N>
constexpr auto split_names(std::string_view list) {
    std::array<std::string_view, N> out{};
    for (auto& name : out) {
        list.remove_prefix(std::min(list.find_first_not_of(" ,"), list.size()));
        const auto end = std::min(list.find_first_of(" ,"), list.size());
        name = list.substr(0, end);
        list.remove_prefix(end);
    }
    return out;
}
template <class A, class B>
constexpr bool same_names(const A& a, const B& b) {
    const auto holds = [](const auto& all, std::string_view one) {
        for (std::string_view each : all)
            if (each == one) return true;
        return false;
    };
    for (std::string_view name : a)
        if (!name.empty() && !holds(b, name)) return false;
    for (std::string_view name : b)
        if (!name.empty() && !holds(a, name)) return false;
    return true;
}

template <class Settings, class... Members>
Settings read_members(const boost::json::object& from, const auto& names, Members... members) {
    Settings out{};
    std::size_t at = 0;
    const auto one = [&](auto member) {
        if (const auto* value = from.if_contains(names[at++])) read(*value, out.*member);
    };
    (one(members), ...);
    return out;
}

template <class Settings>
struct SettingsTraits;

}  // namespace detail

struct NoSettings {};

}  // namespace streamwall

#define STREAMWALL_DETAIL_PARENS ()
#define STREAMWALL_DETAIL_EXPAND(...) \
    STREAMWALL_DETAIL_EXPAND2(STREAMWALL_DETAIL_EXPAND2(STREAMWALL_DETAIL_EXPAND2(__VA_ARGS__)))
#define STREAMWALL_DETAIL_EXPAND2(...) \
    STREAMWALL_DETAIL_EXPAND1(STREAMWALL_DETAIL_EXPAND1(STREAMWALL_DETAIL_EXPAND1(__VA_ARGS__)))
#define STREAMWALL_DETAIL_EXPAND1(...) \
    STREAMWALL_DETAIL_EXPAND0(STREAMWALL_DETAIL_EXPAND0(STREAMWALL_DETAIL_EXPAND0(__VA_ARGS__)))
#define STREAMWALL_DETAIL_EXPAND0(...) __VA_ARGS__
#define STREAMWALL_DETAIL_MEMBERS(Type, ...) \
    __VA_OPT__(STREAMWALL_DETAIL_EXPAND(STREAMWALL_DETAIL_MEMBER(Type, __VA_ARGS__)))
#define STREAMWALL_DETAIL_MEMBER(Type, name, ...) \
    , &Type::name __VA_OPT__(                     \
          STREAMWALL_DETAIL_MEMBER_AGAIN STREAMWALL_DETAIL_PARENS(Type, __VA_ARGS__))
#define STREAMWALL_DETAIL_MEMBER_AGAIN() STREAMWALL_DETAIL_MEMBER
// At namespace scope, up to 25 fields.
#define STREAMWALL_SETTINGS(Type, ...)                                                          \
    template <>                                                                                 \
    struct streamwall::detail::SettingsTraits<Type> {                                           \
        static constexpr auto kNames =                                                          \
            ::streamwall::detail::split_names<::streamwall::detail::count_names(#__VA_ARGS__)>( \
                #__VA_ARGS__);                                                                  \
        static Type read(const boost::json::object& from) {                                     \
            return ::streamwall::detail::read_members<Type>(                                    \
                from, kNames STREAMWALL_DETAIL_MEMBERS(Type, __VA_ARGS__));                     \
        }                                                                                       \
    };
