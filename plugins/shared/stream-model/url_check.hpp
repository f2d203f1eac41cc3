// Is this a valid URL, and what is its plainest spelling? RFC 3986 for the characters, RFC 1123 for
// host names.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "link_reader.hpp"
#include "streamwall/model/url_identity.hpp"

namespace streamwall::model {

// The host in lower case, an address in its canonical form; nothing where it is not valid.
std::optional<std::string> normalise_host(std::string_view host);

// Whether a (normalised) host can only be meant inside somebody's network: loopback, private, link
// local and other special addresses, and names such as "localhost".
bool is_private_host(std::string_view host);

// True for a port that is absent or the scheme's own.
bool is_default_port(std::string_view scheme, std::string_view port);

// Percent-encodes what is not ASCII; an error for ASCII that no URL may hold.
std::expected<std::string, FieldError> encode_url(std::string_view url);

// Checks scheme, credentials, host and port and writes the URL with a lower-case scheme and host
// and without default port, fragment and utm_*.
std::expected<std::string, FieldError> rebuild_url(const LinkParts& parts);

}  // namespace streamwall::model
