#include "teller.hpp"

#include "crypto.hpp"

#include <utility>

namespace streamwall::accounts {

namespace names = contracts::accounts;

void Teller::begin() {
    constexpr std::size_t kLetters = 16;
    name_ = crypto::random_name(kLetters);
    count_ = 0;
}

void Teller::tell(std::string_view type, std::int64_t id, const Context& context) {
    const auto text = std::to_string(id);
    const auto subject = std::string(type) + "/" + text;
    const Draft draft{.type = names::kCredentialsChanged,
                      .subject = subject,
                      .data = json::Writer()
                                  .text("type", type)
                                  .text("id", text)
                                  .text("teller", name_)
                                  .number("count", ++count_)
                                  .buffer()};
    publish(draft, context);
}

void Teller::say_count() {
    publish_count(json::Writer().text("teller", name_).number("count", count_));
}

void Teller::end() {
    if (name_.empty()) return;
    publish_count(
        json::Writer().text("teller", name_).number("count", count_).boolean("last", true));
    name_.clear();
}

void Teller::publish_count(json::Writer counted) const {
    const auto subject = "teller/" + name_;
    publish({.type = names::kCredentialsCounted,
             .subject = subject,
             .data = std::move(counted).buffer()},
            host_.own_context(kEvery));
}

void Teller::publish(const Draft& draft, const Context& context) const {
    const auto told = bus_.publish(draft, context.raw());
    if (told) return;
    host_.log().error("accounts.not_told", told.error().message, {{"subject", draft.subject}});
}

}  // namespace streamwall::accounts
