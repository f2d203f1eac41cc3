/* What a plugin is to the host: one exported function, constant data, a table of life-cycle steps.
 */
#ifndef STREAMWALL_PLUGIN_H
#define STREAMWALL_PLUGIN_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What create() receives; valid until destroy() returns. */
typedef struct sw_host_api {
    uint32_t size;
    uint16_t abi_major;
    uint16_t abi_minor;
    sw_host* host;
    /* A power of the host by name ("streamwall.bus/1"), or NULL where absent or not permitted.
     * [any | live | table lives as long as the process | -] */
    const void* (*get_interface)(sw_host* host, const char* name);
} sw_host_api;

/* All steps of one instance run on its strand, one at a time. None may throw or block. */
typedef struct sw_plugin_api {
    uint32_t size;
    uint32_t reserved;
    /* Makes an instance. No I/O, no threads, no calls. `settings` is the validated JSON object with
     * defaults applied and secrets filled in.
     * [strand | - | *self owned by the plugin until destroy | INVALID_ARGUMENT, any] */
    sw_status (*create)(const sw_host_api* api, sw_str settings, void** self, sw_error* error);
    /* SW_PENDING is allowed: streamwall.lifecycle/1 complete() ends the step.
     * [strand | created | - | any; UNAVAILABLE is retried with back-off, INVALID_ARGUMENT never] */
    sw_status (*start)(void* self, sw_error* error);
    /* Take no new work, finish what was begun. SW_PENDING allowed.
     * [strand | started | - | any, logged] */
    sw_status (*drain)(void* self, uint64_t deadline_ns, sw_error* error);
    /* Idempotent; also called after a failed start. SW_PENDING allowed.
     * [strand | started, drained or failed | - | any, logged] */
    sw_status (*stop)(void* self, sw_error* error);
    /* No callback of the host runs any more. [no other step | stopped | frees self | -] */
    void (*destroy)(void* self);
    /* New settings of which only x-reload: live fields differ. NULL where none is live. On an error
     * the old ones stay in force. [strand | started | - | INVALID_ARGUMENT] */
    sw_status (*reconfigure)(void* self, sw_str settings, sw_error* error);
    /* Optional powers of the plugin by name (streamwall.command/1), or NULL.
     * [any | live | table lives as long as the library | -] */
    const void* (*get_extension)(void* self, const char* name);
} sw_plugin_api;

typedef struct sw_plugin_entry {
    uint32_t size;
    uint16_t abi_major;
    uint16_t abi_minor;       /* the least the plugin needs */
    const char* name;         /* kebab case, as in the manifest */
    const char* version;      /* as in the manifest */
    const char* sdk_build_id; /* compared only where a draft interface is used */
    const sw_plugin_api* plugin;
} sw_plugin_entry;

/* The one exported symbol. Returns constant data and has no side effect. */
#define SW_PLUGIN_ENTRY "streamwall_plugin_entry_v1"
typedef const sw_plugin_entry* (*sw_plugin_entry_fn)(void);

/* ELF section that holds plugin.yaml, then for each event schema a line "--- events/NAME.json" and
 * its text. Readable without loading the library. */
#define SW_MANIFEST_SECTION ".streamwall.manifest"

/* ---- streamwall.lifecycle/1: ends a step that returned SW_PENDING ---- */
#define SW_LIFECYCLE "streamwall.lifecycle/1"
#define SW_STEP_START 1
#define SW_STEP_DRAIN 2
#define SW_STEP_STOP 3
typedef struct sw_lifecycle_api {
    uint32_t size;
    uint32_t reserved;
    /* [any | during the step | error borrowed | -]; a late or second call is ignored and logged */
    void (*complete)(sw_host* host, int32_t step, sw_status status, const sw_error* error);
} sw_lifecycle_api;

/* ---- streamwall.command/1 (plugin's side): a command of the manifest's `commands` ---- */
#define SW_COMMAND "streamwall.command/1"
typedef struct sw_command_io {
    uint32_t size;
    uint32_t reserved;
    void* self;
    void (*write_out)(void* self, sw_str text);
    void (*write_error)(void* self, sw_str text);
    size_t (*read)(void* self, char* into,
                   size_t capacity); /* standard input; 0 at its end; blocks */
} sw_command_io;
typedef struct sw_command_api {
    uint32_t size;
    uint32_t reserved;
    /* `arguments`: JSON object of parsed options, {"name":value,"_":[positional…]}. May block.
     * [a thread of the command line | created, for `where: here` | io borrowed | any → exit code 1;
     *  INVALID_ARGUMENT → 2] */
    sw_status (*run)(void* self, sw_str name, sw_str arguments, const sw_command_io* io,
                     int32_t* exit_code, sw_error* error);
} sw_command_api;

#ifdef __cplusplus
}
#endif
#endif
