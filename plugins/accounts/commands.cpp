#include "commands.hpp"

#include <streamwall/records/command_line.hpp>

namespace streamwall::accounts {
namespace {

namespace bj = boost::json;
using records::CommandLine;
using records::printed;

// 120 random bits, and the variety that the rules ask for.
std::string make_password() {
    return "Sw1-" + crypto::to_base64url(crypto::random_bytes(15));
}

}  // namespace

Task<Result<Buffer>> Commands::create_user(std::string request, Context context) {
    const auto given = CommandLine::read(request);
    if (!given) co_return given.error();
    const auto email = given->positional(0);
    if (email.empty()) co_return Error::invalid("give the user's e-mail address");
    bj::object body{{"email", email}};
    if (const auto role = text_at(given->arguments, "role"); !role.empty()) body["role"] = role;
    if (const auto name = text_at(given->arguments, "name"); !name.empty()) {
        body["display_name"] = name;
    }
    std::string password(text_at(given->arguments, "password"));
    const bool is_made = password.empty();
    if (is_made) password = make_password();
    if (password == "-") password = given->input.substr(0, given->input.find_first_of("\r\n"));
    body["password"] = password;
    const auto wrapped = json::Writer().raw("body", bj::serialize(body)).take();
    const auto created = co_await users_.create(wrapped, std::move(context));
    if (!created) co_return created.error();
    auto user = json::parse_object(created->view());
    if (!user) co_return std::move(user).error();
    if (given->wants_json()) {
        if (is_made) (*user)["password"] = password;
        co_return printed(bj::serialize(*user) + "\n");
    }
    std::string text = "Made the user " + std::string(text_at(*user, "email")) + ", role " +
                       std::string(text_at(*user, "role")) + ".\n";
    if (is_made) text += "Password: " + password + "   (shown only now)\n";
    co_return printed(text);
}

Task<Result<Buffer>> Commands::list_users(std::string request, Context context) {
    const auto given = CommandLine::read(request);
    if (!given) co_return given.error();
    constexpr std::int64_t kPage = 200;
    bj::array all;
    for (;;) {
        const auto ask = json::Writer()
                             .number("limit", kPage)
                             .number("offset", static_cast<std::int64_t>(all.size()))
                             .take();
        const auto page = co_await users_.list(ask, context);
        if (!page) co_return page.error();
        const auto parsed = json::parse_object(page->view());
        if (!parsed) co_return parsed.error();
        const auto& records = parsed->at("records").as_array();
        all.insert(all.end(), records.begin(), records.end());
        if (records.empty() || static_cast<std::int64_t>(all.size()) >= number_at(*parsed, "count"))
            break;
    }
    if (given->wants_json()) co_return printed(bj::serialize(all) + "\n");
    std::string text;
    for (const auto& item : all) {
        const auto& user = item.as_object();
        text += std::to_string(number_at(user, "id")) + "  " + std::string(text_at(user, "email")) +
                "  " + std::string(text_at(user, "role")) +
                (flag_at(user, "active") ? "" : "  switched off") + "\n";
    }
    co_return printed(text);
}

}  // namespace streamwall::accounts
