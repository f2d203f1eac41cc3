// Parent: the supervising process, as a child that it started sees it.
#pragma once

#include "runtime/supervisor/supervisor.hpp"
#include "transport/local/client.hpp"

#include <boost/json/array.hpp>

#include <memory>
#include <optional>
#include <string>

namespace streamwall::runtime {

// Subject on which a child says how it is: {"state":"ready|degraded","reason":"…","details":[…]}.
std::string status_subject(const std::string& child);
std::string encode_status(ChildState state, const std::string& reason,
                          const boost::json::array& details);
// Nothing for what is no such document.
struct ToldStatus {
    ChildState state = ChildState::ready;
    std::string reason;
    boost::json::array details;  // whatever the child wants its parent to know
};
std::optional<ToldStatus> decode_status(std::string_view text);

class Parent {
  public:
    // Nothing where this process was not started by a supervisor. Takes the connection over: what
    // this process starts itself does not inherit it. Once, before other threads begin.
    static std::optional<Parent> connect();

    const std::shared_ptr<transport::LocalClient>& transport() const { return transport_; }
    // `child` is the name that the supervisor gave this process.
    void tell(const std::string& child, ChildState state, const std::string& reason,
              const boost::json::array& details = {}) const;

  private:
    explicit Parent(Descriptor socket)
        : transport_(std::make_shared<transport::LocalClient>(std::move(socket))) {}

    std::shared_ptr<transport::LocalClient> transport_;
};

}  // namespace streamwall::runtime
