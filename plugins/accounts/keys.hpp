// accounts.keys: keys of services. A key is shown once; what is kept of it is its hash.
#pragma once

#include "tokens.hpp"

namespace streamwall::accounts {

class Keys {
  public:
    explicit Keys(Parts& parts) : parts_(parts) {}

    // `request` as in <streamwall/contracts/accounts.hpp>.
    Task<Result<Buffer>> list(std::string request, Context context);
    Task<Result<Buffer>> get(std::string request, Context context);
    Task<Result<Buffer>> create(std::string request, Context context);
    // A new secret; the old one is valid beside it for a while.
    Task<Result<Buffer>> rotate(std::string request, Context context);
    Task<Result<Buffer>> revoke(std::string request, Context context);

    // Says in the log which keys end soon or have ended; how many end soon.
    Task<Result<std::int64_t>> warn(Context context);

  private:
    Task<Result<boost::json::object>> find(std::string request, Context context);
    // What a body asks for, as fields of a new record.
    Result<boost::json::object> read_new(std::string_view request) const;

    Parts& parts_;
    std::string warned_;  // the keys that were named last, so that each list is named once
};

}  // namespace streamwall::accounts
