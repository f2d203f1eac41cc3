// Requests to the service `journal`.
#include "abi/journal_port.hpp"

namespace streamwall::abi {

void ServiceJournal::call(Party& party, const char* method, const std::string& request,
                          bus::Done<std::string> done) {
    using Waiting = bus::Done<std::string>;
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = str("service");
    context.deadline_ns = clock_.monotonic_ns() + 5'000'000'000ull;
    const BufferRef body(request);
    auto waiting = std::make_unique<Waiting>(std::move(done));
    ErrorSlot error;
    sw_buffer* reply = nullptr;
    const auto status = services_.call(
        *services_.resolve(party, service_, method), body.get(), &context,
        [](void* ctx, sw_status code, const sw_buffer* answer, const sw_error* why) {
            const std::unique_ptr<Waiting> owned(static_cast<Waiting*>(ctx));
            if (code == SW_OK)
                (*owned)(std::string(view(answer)));
            else
                (*owned)(std::unexpected(Failure::from(code, why)));
        },
        waiting.get(), nullptr, &reply, error.get());
    const auto held = BufferRef::adopt(status == SW_OK ? reply : nullptr);
    if (status == SW_PENDING)
        static_cast<void>(waiting.release());
    else if (status == SW_OK)
        (*waiting)(std::string(held.text()));
    else
        (*waiting)(std::unexpected(Failure::from(status, error.get())));
}

}  // namespace streamwall::abi
