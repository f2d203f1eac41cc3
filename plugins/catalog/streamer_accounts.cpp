#include "streamer_accounts.hpp"

#include "resource_list.hpp"

#include <streamwall/model/platform.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/model/url_identity.hpp>
#include <streamwall/records/store.hpp>

#include <algorithm>
#include <optional>
#include <set>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxAccounts = 50;

// One item of `accounts`; nothing where it is wrong, with errors.
std::optional<bj::object> read_account(const bj::value& item, records::FieldErrors& errors) {
    const auto* account = item.if_object();
    if (account == nullptr) {
        errors.add("accounts", "type", "must be a list of objects");
        return std::nullopt;
    }
    const auto text_of = [&](std::string_view name) {
        const auto* value = records::find_given(*account, name);
        return value && value->is_string() ? std::string(value->get_string()) : std::string();
    };
    const auto platform = model::parse_platform(text_of("platform"));
    if (!platform) errors.add("accounts.platform", "unknown_value", "must be a platform");
    const auto username = normal_username(text_of("username"));
    const bool is_name = is_username(username);
    if (!is_name) {
        errors.add("accounts.username", "format",
                   "must be a name without blanks, of at most 255 characters");
    }
    std::optional<std::string> url;
    if (const auto* given = records::find_given(*account, "url")) {
        const auto known = model::normalise_for_record(text_of("url"));
        if (!given->is_string() || !known) {
            errors.add("accounts.url", "format", "must be an http or https URL");
            return std::nullopt;
        }
        url = known->url;
    }
    if (!platform || !is_name) return std::nullopt;
    const auto name = model::platform_name(*platform);
    if (!url) url = account_url(name, username);
    bj::object out{{"platform", name}, {"username", username}};
    out["url"] = url->empty() ? bj::value() : bj::value(*url);
    return out;
}

}  // namespace

std::string account_url(std::string_view platform, std::string_view username) {
    const std::string name(username);
    if (platform == "twitch") return "https://twitch.tv/" + name;
    if (platform == "kick") return "https://kick.com/" + name;
    if (platform == "tiktok") return "https://tiktok.com/@" + name;
    if (platform == "instagram") return "https://instagram.com/" + name + "/";
    if (platform == "x") return "https://x.com/" + name;
    return {};
}

std::string normal_username(std::string_view given) {
    auto name = folded(given);
    if (name.starts_with('@')) name.erase(0, 1);
    return name;
}

bool is_username(std::string_view name) {
    const bool has_blank = std::ranges::any_of(
        name, [](char c) { return model::is_space(c) || static_cast<unsigned char>(c) < 0x20; });
    return !name.empty() && !has_blank && model::count_code_points(name) <= kMaxName;
}

void read_accounts(const bj::object& body, bj::object& values, records::FieldErrors& errors) {
    const auto* given = body.if_contains("accounts");
    if (given == nullptr) return;
    const auto* list = given->if_array();
    if (list == nullptr) return errors.add("accounts", "type", "must be a list");
    if (list->size() > kMaxAccounts) {
        return errors.add("accounts", "too_many", "must have at most 50 items");
    }
    bj::array accounts;
    std::set<std::string> seen;
    for (const auto& item : *list) {
        auto account = read_account(item, errors);
        if (!account) return;
        const auto key = std::string(records::text_at(*account, "platform")) + "/" +
                         std::string(records::text_at(*account, "username"));
        if (!seen.insert(key).second) {
            return errors.add("accounts", "repeated", "names one account twice");
        }
        accounts.push_back(std::move(*account));
    }
    values["accounts"] = std::move(accounts);
}

}  // namespace streamwall::catalog
