// Requests of the service and bodies of clients, as values.
#pragma once

#include <streamwall/contracts/streams.hpp>
#include <streamwall/model/fields.hpp>

namespace streamwall::catalog {

// The members of a request that name a stream.
struct StreamTarget {
    std::int64_t id = 0;
    contracts::streams::Versions versions;

    bool accepts(std::int64_t version) const;
};
Result<StreamTarget> read_target(std::string_view request);

// The client's body inside a request of create or update. Field errors are INVALID_ARGUMENT with
// details.errors.
Result<boost::json::object> read_body(std::string_view request, model::InputMode mode);
// The same for a body that is parsed already.
Result<boost::json::object> read_fields(const boost::json::value& body, model::InputMode mode,
                                        bool strict);

// The mode that an update asks for.
model::InputMode update_mode(std::string_view request);

}  // namespace streamwall::catalog
