// /api-docs: a page for people, without scripts and without anything from elsewhere.
#pragma once

#include <string>
#include <string_view>

namespace streamwall::rest_api {

// The page's Content-Security-Policy; its style sheet is a route of its own.
inline constexpr std::string_view kDocsPolicy =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

extern const std::string_view kDocsStyle;

// `openapi` is the document, version 3.0; every text of it is escaped.
std::string docs_page(std::string_view openapi);

}  // namespace streamwall::rest_api
