// A plugin that breaks the first rule of the boundary: its create() throws, with no thunk between.
#include <streamwall/plugin.h>

#include <stdexcept>

namespace {
sw_status create(const sw_host_api*, sw_str, void**, sw_error*) {
    throw std::runtime_error("thrown across the boundary");
}
void destroy(void*) {}

constexpr sw_plugin_api kTable = {
    sizeof(sw_plugin_api), 0, &create, nullptr, nullptr, nullptr, &destroy, nullptr, nullptr};
constexpr sw_plugin_entry kEntry = {
    sizeof(sw_plugin_entry), SW_ABI_MAJOR, SW_ABI_MINOR, PLUGIN_NAME, "1.0.0", "", &kTable};
}  // namespace

SW_EXPORT const sw_plugin_entry* streamwall_plugin_entry_v1(void) {
    return &kEntry;
}
