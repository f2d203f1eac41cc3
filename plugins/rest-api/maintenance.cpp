#include "maintenance.hpp"

namespace streamwall::rest_api {
namespace {

constexpr std::string_view kBase = "/api/v1/";
constexpr int kComeBackSeconds = 60;

}  // namespace

bool pauses_for_maintenance(const http::Route& route) {
    return route.path.starts_with(kBase) && !route.path.ends_with("/login");
}

bool is_turned_away(const MaintenanceFlag& flag, const http::Request& request) {
    return flag && to_view(request.context().role) != "admin" && flag(request.context());
}

Problem maintenance_problem() {
    return {.status = 503,
            .code = std::string(kMaintenance),
            .detail = "The API is currently under maintenance. Please try again later.",
            .errors_json = {},
            .retry_after = kComeBackSeconds};
}

}  // namespace streamwall::rest_api
