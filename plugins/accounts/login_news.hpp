// What becomes of tries to log in, told by durable events: they stand in the audit, and nobody but
// administrators sees them. Never with a password, nor with what was given in place of an e-mail.
#pragma once

#include "parts.hpp"

namespace streamwall::accounts {

class LoginNews {
  public:
    explicit LoginNews(const Parts& parts) : parts_(parts) {}

    // Who tried, as far as it is known.
    struct Try {
        std::string email;    // empty where none was given
        std::string address;  // of the client; empty where nobody says
        std::int64_t user = 0;
    };
    // Each waits until it is written, and stops nobody where it can't be: then it stands in the
    // log.
    Task<> logged_in(Try who, boost::json::object user, Context context) const;
    Task<> failed(Try who, std::string_view reason, Context context) const;
    Task<> locked_out(Try who, std::chrono::seconds wait, Context context) const;

  private:
    Task<> tell(std::string_view type, Try who, boost::json::object data, Context context) const;

    const Parts& parts_;
};

// Where a client is, as the listener says: {"address"} of a request.
std::string address_of(std::string_view request);

// Others see the name of a user, never the e-mail.
std::string name_of(const boost::json::object& user);

}  // namespace streamwall::accounts
