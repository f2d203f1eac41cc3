#include "login_news.hpp"

#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::accounts {
namespace {

namespace bj = boost::json;
namespace names = contracts::accounts;

constexpr std::size_t kMaxAddress = 64;

std::string subject_of(const LoginNews::Try& who) {
    if (who.user > 0) return "user/" + std::to_string(who.user);
    if (!who.email.empty()) return "login/" + who.email;
    return "login/" + (who.address.empty() ? "unknown" : who.address);
}

// Nobody was known while the request came in; now it is known who made it.
Context as_user(const Context& from, const bj::object& user) {
    const auto id = std::to_string(number_at(user, "id"));
    const auto name = name_of(user);
    auto raw = from.raw();
    raw.principal_type = to_str("user");
    raw.principal_id = to_str(id);
    raw.principal_name = to_str(name);
    raw.role = to_str(text_at(user, "role"));
    return Context(raw);
}

}  // namespace

std::string address_of(std::string_view request) {
    const auto given = json::to_plain_text(json::find_member(request, "address"));
    return std::string(given.value_or(std::string_view()).substr(0, kMaxAddress));
}

std::string name_of(const bj::object& user) {
    const auto name = text_at(user, "display_name");
    if (!name.empty()) return std::string(name);
    const auto email = text_at(user, "email");
    return std::string(email.substr(0, email.find('@')));
}

Task<> LoginNews::logged_in(Try who, bj::object user, Context context) const {
    who.user = number_at(user, "id");
    const auto as = as_user(context, user);
    bj::object data{{"outcome", "done"}};
    co_await tell(names::kUserLoggedIn, std::move(who), std::move(data), as);
}

Task<> LoginNews::failed(Try who, std::string_view reason, Context context) const {
    bj::object data{{"outcome", "failed"}, {"reason", reason}};
    co_await tell(names::kLogInFailed, std::move(who), std::move(data), std::move(context));
}

Task<> LoginNews::locked_out(Try who, std::chrono::seconds wait, Context context) const {
    bj::object data{{"outcome", "refused"}, {"retry_after", wait.count()}};
    co_await tell(names::kUserLockedOut, std::move(who), std::move(data), std::move(context));
}

Task<> LoginNews::tell(std::string_view type, Try who, bj::object data, Context context) const {
    const auto subject = subject_of(who);
    if (who.user > 0) data["id"] = who.user;
    if (!who.email.empty()) data["email"] = who.email;
    if (!who.address.empty()) data["address"] = who.address;
    bj::array changes;
    changes.push_back(change::event(type, subject, std::move(data)));
    const auto done = co_await parts_.store.apply(std::move(changes), context);
    if (done) co_return;
    parts_.host.log().error("accounts.not_audited", done.error().message,
                            {{"type", type},
                             {"subject", subject},
                             {"address", who.address},
                             {"request_id", context.request_id()}});
}

}  // namespace streamwall::accounts
