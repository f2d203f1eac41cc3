// The tables that get_interface() gives out, one function a group.
#pragma once

#include <streamwall/bus.h>
#include <streamwall/host.h>
#include <streamwall/plugin.h>
#include <streamwall/service.h>

namespace streamwall::abi {

const sw_buffer_api* buffer_table();
const sw_log_api* log_table();
const sw_clock_api* clock_table();
const sw_executor_api* executor_table();
const sw_health_api* health_table();
const sw_metrics_api* metrics_table();
const sw_introspect_api* introspect_table();
const sw_interfaces_api* interfaces_table();
const sw_lifecycle_api* lifecycle_table();
const sw_services_api* services_table();
const sw_bus_api* bus_table();
const sw_journal_api* journal_table();

}  // namespace streamwall::abi
