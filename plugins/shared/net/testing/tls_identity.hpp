// A certificate for tests of TLS, made on the spot.
#pragma once

#include <string>

namespace streamwall::net::testing {

// A certificate signed by itself, for the host name `localhost` alone.
struct Identity {
    Identity();
    std::string key_pem;
    std::string certificate_pem;
};

}  // namespace streamwall::net::testing
