// What is checked of people: e-mail addresses and passwords.
#pragma once

#include <streamwall/records/input.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace streamwall::accounts {

// An e-mail address without white space around it and in lower case; nothing where it is none.
std::optional<std::string> normal_email(std::string_view text);
std::optional<std::string> read_email(const boost::json::object& body,
                                      records::FieldErrors& errors);

// 8 to 128 characters, with a lower-case letter, an upper-case letter and a digit.
bool is_good_password(std::string_view text);
std::optional<std::string> read_password(const boost::json::object& body,
                                         records::FieldErrors& errors);

}  // namespace streamwall::accounts
