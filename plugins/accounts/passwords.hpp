// Hashing and checking passwords where it may take long: on the pool for blocking work, and only so
// many at a time.
#pragma once

#include "parts.hpp"

namespace streamwall::accounts {

class Passwords {
  public:
    explicit Passwords(const Parts& parts);

    Task<Result<std::string>> hash(std::string password);
    // False also where there is no hash; that takes as long, so that nobody learns whom we know.
    Task<Result<bool>> check(std::string password, std::string hash);
    bool needs_new_hash(const std::string& hash) const;

  private:
    // Each takes Argon2's memory; more wait nowhere but are told to come back.
    static constexpr int kMostAtOnce = 16;
    struct Turn {
        explicit Turn(int& count) : count_(count) { ++count_; }
        Turn(const Turn&) = delete;
        ~Turn() { --count_; }
        int& count_;
    };
    static Error busy();

    const Host& host_;
    crypto::PasswordCost cost_;
    std::string nobody_;  // the hash of a password that nobody has; made when first needed
    int under_way_ = 0;
};

}  // namespace streamwall::accounts
