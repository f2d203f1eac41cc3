// Passwords as Rails keeps them (bcrypt): checked for users who were taken over from there. New
// hashes are never of this kind.
#pragma once

#include <string>
#include <string_view>

namespace streamwall::accounts::crypto {

// Whether it is a hash that can be checked in a bearable time: cost 4 to 15.
bool is_bcrypt(std::string_view hash);
// bcrypt looks at the first 72 bytes. False for what is_bcrypt() doesn't take.
bool is_bcrypt_password(std::string_view password, const std::string& hash);

}  // namespace streamwall::accounts::crypto
