// Tells whoever keeps verified principals that credentials have changed, in a way that shows what
// was missed: changes are numbered, and how many there were is said again and again.
#pragma once

#include <streamwall/contracts/accounts.hpp>
#include <streamwall/sdk/bus.hpp>
#include <streamwall/sdk/host.hpp>
#include <streamwall/sdk/json.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace streamwall::accounts {

class Teller {
  public:
    static constexpr std::chrono::seconds kEvery{1};  // says how many there were

    Teller(const Host& host, const Bus& bus) : host_(host), bus_(bus) {}

    // A new name; its changes are counted from 0.
    void begin();
    // Before the reply that tells of the change, so that a listener of this process has forgotten
    // them by then.
    void tell(std::string_view type, std::int64_t id, const Context& context);
    void say_count();
    // Nothing is told after this.
    void end();

    const std::string& name() const { return name_; }
    std::int64_t count() const { return count_; }

  private:
    void publish(const Draft& draft, const Context& context) const;
    void publish_count(json::Writer counted) const;

    const Host& host_;
    const Bus& bus_;
    std::string name_;
    std::int64_t count_ = 0;
};

}  // namespace streamwall::accounts
