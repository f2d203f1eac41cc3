// Table: streamwall.services/1.
#include "abi/plugin_host.hpp"
#include "abi/tables.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace streamwall::abi {

namespace {

Failure denied(std::string_view service, const char* list) {
    return Failure::of(SW_PERMISSION_DENIED,
                       fmt::format("service '{}' is not among the manifest's {}", service, list));
}

sw_status offer(sw_host* host, sw_str service, sw_str method, sw_method_fn handler, void* ctx,
                sw_error* error) {
    host->expect_strand("services.offer");
    if (host->is_closing()) return fill(error, stopping());
    if (std::ranges::find(host->manifest.provides, view(service)) ==
        host->manifest.provides.end()) {
        return fill(error, denied(view(service), "provides"));
    }
    const auto failure =
        host->facilities.services.offer(host->party, view(service), view(method), handler, ctx);
    return failure.code == SW_OK ? SW_OK : fill(error, failure);
}

sw_status resolve(sw_host* host, sw_str service, sw_str method, const sw_method** out,
                  sw_error* error) {
    const auto& needs = host->manifest.needs;
    const bool declared = std::ranges::any_of(needs, [&](const modules::Need& need) {
        return !need.interface && need.name == view(service);
    });
    if (!declared && !host->manifest.may("call")) {
        return fill(error, denied(view(service), "requires"));
    }
    *out = host->facilities.services.resolve(host->party, view(service), view(method));
    return SW_OK;
}

}  // namespace

const sw_services_api* services_table() {
    static constexpr sw_services_api table{
        sizeof table,
        0,
        &offer,
        &resolve,
        [](sw_host* host, const sw_method* method, const sw_buffer* request,
           const sw_context* context, sw_reply_fn on_reply, void* ctx, uint64_t* id,
           sw_buffer** reply, sw_error* error) {
            return host->facilities.services.call(*method, request, context, on_reply, ctx, id,
                                                  reply, error);
        },
        [](sw_host* host, uint64_t id) { host->facilities.services.cancel(host->party, id); },
        &services::Registry::defer,
        &services::Registry::respond,
        [](const sw_responder* responder) -> int32_t {
            return responder->call->cancelled.load() ? 1 : 0;
        }};
    return &table;
}

}  // namespace streamwall::abi
