/* A plugin in plain C that does nothing but leave a mark when it is loaded; macros break it. */
#include <streamwall/plugin.h>

#include <stdio.h>
#include <stdlib.h>

#if !defined(ENTRY_NAME)
#define ENTRY_NAME PLUGIN_NAME
#endif
#if !defined(ENTRY_VERSION)
#define ENTRY_VERSION "1.0.0"
#endif
#if !defined(ENTRY_ABI_MAJOR)
#define ENTRY_ABI_MAJOR SW_ABI_MAJOR
#endif
#if defined(USE_ABSENT)
extern int streamwall_absent(void);
#endif

/* Whatever runs before the checks would leave this file. */
__attribute__((constructor)) static void leave_mark(void) {
    const char* folder = getenv("STREAMWALL_MARKS");
    char path[4096];
    FILE* file = NULL;
    if (folder == NULL) return;
    snprintf(path, sizeof path, "%s/%s", folder, PLUGIN_NAME);
    file = fopen(path, "w");
    if (file != NULL) fclose(file);
}

static sw_status create(const sw_host_api* api, sw_str settings, void** self, sw_error* error) {
    (void)settings;
    (void)error;
    *self = (void*)api;
#if defined(USE_ABSENT)
    return streamwall_absent() ? SW_OK : SW_INTERNAL;
#else
    return SW_OK;
#endif
}
static void destroy(void* self) {
    (void)self;
}

#if !defined(NO_ENTRY)
SW_EXPORT const sw_plugin_entry* streamwall_plugin_entry_v1(void) {
    static const sw_plugin_api table = {sizeof table, 0,       create, NULL, NULL,
                                        NULL,         destroy, NULL,   NULL};
    static const sw_plugin_entry entry = {
        sizeof entry, ENTRY_ABI_MAJOR, SW_ABI_MINOR, ENTRY_NAME, ENTRY_VERSION, "", &table};
#if defined(NO_TABLE)
    (void)entry;
    return NULL;
#else
    return &entry;
#endif
}
#else
/* Keeps the compiler from dropping them. */
void* const streamwall_unused[] = {(void*)create, (void*)destroy};
#endif
