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

    // Tells, once each, by event and log which keys are due, overdue or have ended; how many are.
    struct Ages {
        std::int64_t due = 0;
        std::int64_t overdue = 0;
    };
    Task<Result<Ages>> flag_aged(Context context);

  private:
    Task<Result<boost::json::object>> find(std::string request, Context context);
    // What a body asks for, as fields of a new record.
    Result<boost::json::object> read_new(std::string_view request) const;
    boost::json::object shown(const boost::json::object& key, std::string_view secret = {}) const;
    Buffer to_buffer(const boost::json::object& key, std::string_view secret = {}) const;
    boost::json::object aged_query(const boost::json::value& cursor) const;
    Task<> flag(boost::json::object key, KeyState state, Context context);

    Parts& parts_;
};

}  // namespace streamwall::accounts
