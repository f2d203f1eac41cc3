#include "runtime/supervisor/parent.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <boost/json.hpp>

#include <cstdlib>

namespace streamwall::runtime {

namespace json = boost::json;

std::string status_subject(const std::string& child) {
    return "_status." + child;
}

std::string encode_status(ChildState state, const std::string& reason, const json::array& details) {
    return json::serialize(
        json::object{{"state", to_string(state)}, {"reason", reason}, {"details", details}});
}

std::optional<ToldStatus> decode_status(std::string_view text) {
    boost::system::error_code malformed;
    const auto value = json::parse(text, malformed);
    const auto* status = malformed ? nullptr : value.if_object();
    const auto* state = status ? status->if_contains("state") : nullptr;
    const auto* reason = status ? status->if_contains("reason") : nullptr;
    const auto* details = status ? status->if_contains("details") : nullptr;
    if (!state || !state->is_string() || !reason || !reason->is_string() || !details ||
        !details->is_array()) {
        return std::nullopt;
    }
    for (const auto known : {ChildState::ready, ChildState::degraded}) {
        if (state->get_string() == to_string(known)) {
            return ToldStatus{known, std::string(reason->get_string()), details->get_array()};
        }
    }
    return std::nullopt;
}

std::optional<Parent> Parent::connect() {
    const char* given = std::getenv(kLinkVariable);
    if (given == nullptr || std::to_string(kLinkDescriptor) != given) return std::nullopt;
    ::unsetenv(kLinkVariable);
    // The variable may have come from somebody else, who left something else there.
    struct stat info{};
    if (::fstat(kLinkDescriptor, &info) != 0 || !S_ISSOCK(info.st_mode)) return std::nullopt;
    ::fcntl(kLinkDescriptor, F_SETFD, FD_CLOEXEC);
    return Parent(Descriptor(kLinkDescriptor));
}

void Parent::tell(const std::string& child, ChildState state, const std::string& reason,
                  const json::array& details) const {
    // Where this finds no room or no connection there is nobody left who wants to know.
    static_cast<void>(transport_->publish(status_subject(child), {},
                                          BufferRef(encode_status(state, reason, details))));
}

}  // namespace streamwall::runtime
