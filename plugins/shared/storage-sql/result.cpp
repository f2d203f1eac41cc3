#include "storage-sql/result.hpp"

#include "storage-sql/json_text.hpp"

namespace streamwall::storage {

Error field_error(Code code, std::string_view field, std::string_view reason,
                  std::string_view message) {
    std::string details = R"({"errors":[{"field":)";
    append_json_string(details, field);
    details += R"(,"code":)";
    append_json_string(details, reason);
    details += R"(,"message":)";
    append_json_string(details, message);
    details += "}]}";
    return {code, std::string(message), std::string(field), std::move(details)};
}

Error coded_error(Code code, std::string_view machine_code, std::string_view message) {
    std::string details = R"({"code":)";
    append_json_string(details, machine_code);
    details += '}';
    return {code, std::string(message), {}, std::move(details)};
}

Error busy_error(Code code, std::string_view message, int retry_after_seconds) {
    return {code,
            std::string(message),
            {},
            R"({"retry_after":)" + std::to_string(retry_after_seconds) + "}"};
}

}  // namespace streamwall::storage
