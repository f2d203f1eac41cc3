// What the three services of accounts share: settings, the plugin's powers, the key ring, and small
// questions about who asks. Everything runs on the plugin's strand.
#pragma once

#include "collections.hpp"
#include "input.hpp"
#include "key_age.hpp"
#include "key_ring.hpp"
#include "known_services.hpp"
#include "teller.hpp"

#include <streamwall/contracts/accounts.hpp>
#include <streamwall/records/input.hpp>
#include <streamwall/records/requests.hpp>
#include <streamwall/records/store.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::accounts {

namespace change = records::change;
using records::check_version;
using records::FieldErrors;
using records::flag_at;
using records::id_of;
using records::is_admin;
using records::not_admin;
using records::number_at;
using records::on_strand;
using records::read_body;
using records::read_flag;
using records::read_text;
using records::read_word;
using records::refuse_unknown;
using records::Store;
using records::text_at;

struct Settings {
    bool signup = true;
    std::string issuer;
    std::chrono::milliseconds token_lifetime{};
    std::string signing_keys_file;
    std::chrono::milliseconds signing_key_period{};
    Secret jwt_secret;
    bool issue_shared = false;
    Secret service_secret;
    std::vector<KnownService> services;
    std::string login_limit;
    std::string rate_limits;
    std::chrono::milliseconds key_lifetime{};
    std::chrono::milliseconds key_overlap{};
    std::chrono::milliseconds key_warning{};
    std::chrono::milliseconds key_grace{};
    std::uint64_t password_passes = 0;
    std::size_t password_memory_kib = 0;
};

struct Parts {
    const Settings& settings;
    const Host& host;
    const Bus& bus;
    Store store;
    Teller teller;
    std::optional<KeyRing> ring = {};

    KeyPolicy key_policy() const { return {settings.key_warning, settings.key_grace}; }
    Seconds now() const;                                                   // since 1970
    std::string time_text(std::chrono::milliseconds from_now = {}) const;  // RFC 3339
};

// {"records":[…],"count":n} of a collection, newest id last. `request` holds limit and offset.
Task<Result<boost::json::object>> list_records(const Parts& parts, std::string_view collection,
                                               std::string request, Context context);

}  // namespace streamwall::accounts
