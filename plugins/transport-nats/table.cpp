// noexcept thunks from the C table to the class.
#include "table.hpp"

#include "transport.hpp"

namespace streamwall::transport_nats {
namespace {

Transport& transport(void* self) {
    return *static_cast<Transport*>(self);
}

sw_status finish(const Result<>& result, sw_error* error) {
    return result ? SW_OK : fill_error(error, result.error());
}

sw_status publish(void* self, sw_str subject, sw_str reply, const sw_buffer* body,
                  sw_error* error) noexcept {
    return detail::guard(error, [&] {
        return finish(transport(self).publish(to_view(subject), to_view(reply), body), error);
    });
}

sw_status request(void* self, sw_str subject, const sw_buffer* body, std::uint64_t timeout_ns,
                  sw_answer_fn on_answer, void* ctx, sw_error* error) noexcept {
    return detail::guard(error, [&] {
        constexpr std::uint64_t kLongest = std::chrono::nanoseconds::max().count();
        const std::chrono::nanoseconds timeout(
            static_cast<std::int64_t>(std::min(timeout_ns, kLongest)));
        return finish(transport(self).request(to_view(subject), body, timeout, on_answer, ctx),
                      error);
    });
}

sw_status subscribe(void* self, sw_str pattern, sw_str group, sw_message_fn on_message, void* ctx,
                    std::uint64_t* id, sw_error* error) noexcept {
    return detail::guard(error, [&]() -> sw_status {
        const auto made =
            transport(self).subscribe(to_view(pattern), to_view(group), on_message, ctx);
        if (!made) return fill_error(error, made.error());
        *id = *made;
        return SW_OK;
    });
}

void unsubscribe(void* self, std::uint64_t id) noexcept {
    transport(self).unsubscribe(id);
}

void watch(void* self, sw_transport_state_fn on_state, void* ctx) noexcept {
    transport(self).watch(on_state, ctx);
}

}  // namespace

const sw_transport_api* transport_table() {
    static constexpr sw_transport_api kTable = {
        sizeof(sw_transport_api), 0, &publish, &request, &subscribe, &unsubscribe, &watch};
    return &kTable;
}

}  // namespace streamwall::transport_nats
