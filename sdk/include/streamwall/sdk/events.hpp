// Typed events: the data of an event as a struct.
//
//   struct Message { std::string user, text; std::optional<std::string> language; };
//   STREAMWALL_EVENT(Message, "chat.message_posted", user, text, language)
//
//   subscribe<Message>(bus(), {}, [this](const Message& message, const Event&) -> Outcome { … });
//   publish(bus(), "chat/1", Message{"ada", "hi", {}}, host().own_context().raw());
//
// Members of the data that the struct does not name are ignored, as the contract asks: an event may
// gain members. One that is missing is an error unless it is optional.
#pragma once

#include <streamwall/sdk/bus.hpp>
#include <streamwall/sdk/settings.hpp>

#include <string>
#include <utility>

namespace streamwall {

namespace detail {

template <class T>
struct EventTraits;

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
boost::json::value write(const T& from) {
    if constexpr (IsOptional<T>::value) {
        return from ? write(*from) : boost::json::value(nullptr);
    } else {
        return boost::json::value_from(from);
    }
}

template <class Data, class... Members>
Data read_event(const boost::json::object& from, const auto& names, Members... members) {
    Data out{};
    std::size_t at = 0;
    const auto one = [&](auto member) {
        const auto name = names[at++];
        const auto* value = from.if_contains(name);
        if (value) {
            read(*value, out.*member);
        } else if (!IsOptional<std::remove_cvref_t<decltype(out.*member)>>::value) {
            throw std::invalid_argument("'" + std::string(name) + "' is missing");
        }
    };
    (one(members), ...);
    return out;
}

template <class Data, class... Members>
boost::json::object write_event(const Data& from, const auto& names, Members... members) {
    boost::json::object out;
    std::size_t at = 0;
    const auto one = [&](auto member) { out[names[at++]] = write(from.*member); };
    (one(members), ...);
    return out;
}

}  // namespace detail

// The data of an event that another plugin sent: never trusted to have the right shape.
template <class Data>
Result<Data> read_event(const Event& event) {
    auto object = event.json();
    if (!object) return std::move(object).error();
    try {
        return detail::EventTraits<Data>::read(*object);
    } catch (const std::exception& problem) {
        return Error::invalid(problem.what(), std::string(event.type()));
    }
}

// As Bus::subscribe, with the type's own pattern where `options` has none. `handler` is callable as
// Outcome(const Data&, const Event&); data of another shape is answered for it.
template <class Data, class Handler>
Result<> subscribe(Bus& bus, Subscribe options, Handler handler) {
    if (options.pattern.empty()) options.pattern = detail::EventTraits<Data>::kType;
    return bus.subscribe(options,
                         [handler = std::move(handler)](const Event& event) mutable -> Outcome {
                             const auto data = read_event<Data>(event);
                             if (!data) return data.error();
                             return handler(*data, event);
                         });
}

template <class Data>
Buffer render_event(const Data& data) {
    return Buffer(boost::json::serialize(detail::EventTraits<Data>::write(data)));
}

// Transient and local types. [any]
template <class Data>
Result<> publish(const Bus& bus, std::string_view subject, const Data& data,
                 const sw_context& context) {
    return bus.publish({detail::EventTraits<Data>::kType, subject, render_event(data)}, context);
}

// Durable types; `done(Result<Buffer>)` as Bus::append. [any]
template <class Data, class Done>
void append(const Bus& bus, std::string_view subject, const Data& data, const sw_context& context,
            Done done) {
    bus.append({detail::EventTraits<Data>::kType, subject, render_event(data)}, context,
               std::move(done));
}

}  // namespace streamwall

// At namespace scope, outside of every namespace, up to 25 members.
#define STREAMWALL_EVENT(Type, type_name, ...)                                                  \
    template <>                                                                                 \
    struct streamwall::detail::EventTraits<Type> {                                              \
        static constexpr std::string_view kType = type_name;                                    \
        static constexpr auto kNames =                                                          \
            ::streamwall::detail::split_names<::streamwall::detail::count_names(#__VA_ARGS__)>( \
                #__VA_ARGS__);                                                                  \
        static Type read(const boost::json::object& from) {                                     \
            return ::streamwall::detail::read_event<Type>(                                      \
                from, kNames STREAMWALL_DETAIL_MEMBERS(Type, __VA_ARGS__));                     \
        }                                                                                       \
        static boost::json::object write(const Type& from) {                                    \
            return ::streamwall::detail::write_event<Type>(                                     \
                from, kNames STREAMWALL_DETAIL_MEMBERS(Type, __VA_ARGS__));                     \
        }                                                                                       \
    };
