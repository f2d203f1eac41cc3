// Whom and what discovery passes over.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

namespace streamwall::discovery {

// Users (bots among them), URLs and domains, all compared without case where case means nothing.
// Changed on one strand, or by nobody.
class IgnoreRules {
  public:
    // URLs may be given in any spelling that names the stream; a domain covers its subdomains.
    IgnoreRules(std::span<const std::string> users, std::span<const std::string> urls,
                std::span<const std::string> domains);

    // More of them; users of messages from `source` alone.
    void add_user(std::string_view source, std::string_view user);
    void add_url(std::string_view url);
    void add_domain(std::string_view domain);

    // By name or id, in a message from `source`.
    bool ignores_user(std::string_view source, std::string_view user) const;
    // `url` is canonical.
    bool ignores_url(std::string_view url) const;

  private:
    std::unordered_set<std::string> users_;  // "source/user"; of every source where that is empty
    std::unordered_set<std::string> urls_;
    std::unordered_set<std::string> domains_;
};

}  // namespace streamwall::discovery
