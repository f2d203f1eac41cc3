// What bodies may be, and which versions of the interface a client may ask for.
#pragma once

#include <string_view>

namespace streamwall::rest_api {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kProblemType = "application/problem+json";

// True for JSON in UTF-8 under any of its names, and where nothing is said.
bool is_json_body(std::string_view content_type);

// False where `accept` names only versions of the interface that do not exist.
// Whether a media type is in an `Accept` header, by its name.
bool names_type(std::string_view accept, std::string_view wanted);

bool accepts_version_one(std::string_view accept);

}  // namespace streamwall::rest_api
