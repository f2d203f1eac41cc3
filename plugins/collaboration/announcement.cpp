#include "announcement.hpp"

#include <boost/json.hpp>

namespace streamwall::collaboration {

namespace {

constexpr std::size_t kMaxMessage = 4'096;  // bytes of JSON
constexpr std::size_t kMaxExcept = 128;

}  // namespace

Result<boost::json::object> make_announcement(const boost::json::object& from, const Person& by) {
    const auto* message = from.if_contains("message");
    if (message == nullptr || !message->is_object()) {
        return Error::invalid("must be an object", "message");
    }
    if (boost::json::serialize(*message).size() > kMaxMessage) {
        return Error::invalid("must be at most 4 KiB of JSON", "message");
    }
    auto out = message->get_object();
    out["action"] = "announcement";
    describe(by, out);
    return out;
}

Result<std::string> read_except(const boost::json::object& from) {
    const auto* except = from.if_contains("except");
    if (except == nullptr || except->is_null()) return std::string();
    if (!except->is_string() || except->get_string().size() > kMaxExcept) {
        return Error::invalid("must be text of at most 128 characters, such as user:5", "except");
    }
    return std::string(except->get_string());
}

}  // namespace streamwall::collaboration
