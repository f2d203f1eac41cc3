// Plugins that are sound but for a static constructor, which ends the process that loads them: by
// an exception nobody can catch, a signal, or exit().
#include <streamwall/plugin.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace {

void leave_mark() {
    const char* folder = std::getenv("STREAMWALL_MARKS");
    if (folder == nullptr) return;
    const auto path = std::string(folder) + "/" + PLUGIN_NAME;
    if (auto* file = std::fopen(path.c_str(), "w")) std::fclose(file);
}

struct Dies {
    Dies() {
        leave_mark();
#if defined(THROWS)
        throw std::runtime_error("thrown while it was loaded");
#elif defined(CRASHES)
        std::raise(SIGSEGV);
#elif defined(EXITS)
        std::_Exit(0);
#endif
    }
};
const Dies kDies;

sw_status create(const sw_host_api*, sw_str, void**, sw_error*) {
    return SW_OK;
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
