// Small pure functions over the texts of HTTP: tokens, lists, percent-encoding, hosts, UTF-8.
#pragma once

#include <streamwall/base.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::http_server {

inline sw_str to_sw(std::string_view text) {
    return {text.data(), text.size()};
}
inline std::string_view to_view(sw_str text) {
    return text.length == 0 ? std::string_view{} : std::string_view{text.data, text.length};
}

// RFC 9110 5.6.2 tchar.
bool is_token(std::string_view text);
void lower_in_place(char* text, std::size_t length);
bool equals_ignoring_case(std::string_view a, std::string_view b);
// Without leading and trailing spaces and tabs.
std::string_view trim(std::string_view text);

// Takes the next member of a comma list off `rest`; empty members are skipped. False at the end.
bool next_in_list(std::string_view& rest, std::string_view& member);
bool list_has_token(std::string_view list, std::string_view token);

// Digits only, no sign, no blank, within 63 bits.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

// One pass; false on a broken escape, a NUL, or a result that is not UTF-8.
bool percent_decode(std::string_view text, std::string& out);

// RFC 9110 7.2 uri-host [":" port], as strict as a listener needs: no user, path, blank or empty
// name.
bool is_valid_host(std::string_view host);
// The name without its port.
std::string_view host_name(std::string_view host);

// CONTRACT: [A-Za-z0-9._-]{1,64}.
bool is_valid_request_id(std::string_view id);
// W3C Trace Context level 1: version 00 with non-zero ids, or a later version with the same prefix.
bool is_valid_traceparent(std::string_view value);

// No control character but the tab, so that no value can start a header line of its own.
bool is_safe_header_value(std::string_view value);

// The value of one query parameter, still encoded; the first where it is repeated.
std::optional<std::string_view> query_parameter(std::string_view query, std::string_view name);
// The query without that parameter.
std::string without_parameter(std::string_view query, std::string_view name);

// UTF-8 (RFC 3629) over pieces: refuses at the first byte that can't be part of valid text.
class Utf8Checker {
  public:
    bool feed(std::string_view bytes);
    bool at_boundary() const { return needed_ == 0; }
    void reset() { needed_ = 0; }

  private:
    std::uint8_t needed_ = 0;
    std::uint8_t lower_ = 0x80;
    std::uint8_t upper_ = 0xBF;
};
bool is_valid_utf8(std::string_view text);

}  // namespace streamwall::http_server
