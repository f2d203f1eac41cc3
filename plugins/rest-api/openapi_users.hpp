// OpenAPI 3.0.3: signing up, logging in, users and service keys, as JSON text.
#pragma once

#include <boost/json/object.hpp>

#include <string>

namespace streamwall::rest_api::openapi {

std::string sign_up();
std::string log_in();
std::string log_out();
std::string read_me();
std::string change_password();
std::string begin_session();
std::string show_session();
std::string end_session();
std::string public_keys();

std::string list_users();
std::string create_user();
std::string get_user();
std::string update_user(bool replaces);
std::string delete_user();

std::string list_keys();
std::string create_key();
std::string get_key();
std::string revoke_key();
std::string rotate_key();

// User, UserInput, Credentials, Session, ApiKey, NewApiKey: for `components.schemas`.
boost::json::object account_schemas();

}  // namespace streamwall::rest_api::openapi
