// Who asks: credentials of a request turned into a principal.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::http_server {

struct RequestHead;

// Texts live as long as the authenticator that handed the principal out.
struct Principal {
    std::string_view type = "anonymous";  // user, key, service, anonymous
    std::string_view id;
    std::string_view name;
    std::string_view role;    // viewer, editor, admin or empty
    std::string_view scopes;  // separated by spaces
    std::array<std::uint8_t, 16> rate_id{};

    bool is_anonymous() const { return type == "anonymous"; }
    int rank() const;  // SW_HTTP_OPEN … SW_HTTP_ADMIN
    bool has_scope(std::string_view scope) const;
};

class Authenticator {
  public:
    virtual ~Authenticator() = default;
    // Nothing where the token is not valid. [any; must not block]
    virtual std::optional<Principal> authenticate(std::string_view token) const = 0;
};

// One key that is everything: the way in until accounts exist.
class BootstrapKey final : public Authenticator {
  public:
    explicit BootstrapKey(std::string_view key);
    std::optional<Principal> authenticate(std::string_view token) const override;

  private:
    using Digest = std::array<std::uint8_t, 32>;
    static Digest digest_of(std::string_view text);
    Digest digest_;  // the key itself is not kept
};

// The key kept in `path` (mode 0600), made there first where it is missing: "sw_" and 256 random
// bits. Throws std::system_error, or std::runtime_error where others could read the file.
std::string load_or_make_key(const std::string& path);

// The token of a request. `malformed` where an Authorization header is there but holds no Bearer
// token, or the header is repeated. The query's ?token= counts where `allow_query`.
struct Credential {
    bool present = false;
    bool malformed = false;
    std::string token;
};
Credential find_credential(const RequestHead& head, bool allow_query);

}  // namespace streamwall::http_server
