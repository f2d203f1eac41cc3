// The commands `streamwall users …`, which the command line runs here, in the host: a request is
// {"arguments":{…},"input":"…"}, the reply {"out":"text for people or JSON"}.
#pragma once

#include "users.hpp"

namespace streamwall::accounts {

inline constexpr std::string_view kCommandService = "accounts.commands";

class Commands {
  public:
    explicit Commands(Users& users) : users_(users) {}
    Task<Result<Buffer>> create_user(std::string request, Context context);
    Task<Result<Buffer>> list_users(std::string request, Context context);

  private:
    Users& users_;
};

}  // namespace streamwall::accounts
