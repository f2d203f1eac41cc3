// accounts: wiring. What tokens, users and keys are is in the files of those names.
#include "commands.hpp"
#include "keys.hpp"
#include "users.hpp"

#include <streamwall/records/job.hpp>
#include <streamwall/sdk/plugin.hpp>

#include <algorithm>
#include <optional>

STREAMWALL_SETTINGS(streamwall::accounts::Settings, signup, issuer, token_lifetime,
                    signing_keys_file, signing_key_period, jwt_secret, issue_shared, service_secret,
                    services, login_limit, rate_limits, key_lifetime, key_overlap, key_warning,
                    key_grace, password_passes, password_memory_kib)

namespace streamwall::accounts {
namespace {

namespace names = contracts::accounts;
using std::chrono::milliseconds;

constexpr std::size_t kMinSecret = 32;
constexpr milliseconds kMostBetweenChores = std::chrono::hours(1);
constexpr milliseconds kLeastBetweenChores = std::chrono::seconds(1);

class Accounts final : public Plugin<Settings> {
  public:
    using Plugin::Plugin;

    Step start() override {
        if (auto checked = check_settings(); !checked) return std::move(checked).error();
        if (auto opened = tokens_.open_ring(); !opened) return std::move(opened).error();
        if (auto resolved = parts_.store.resolve(); !resolved) return std::move(resolved).error();
        auto declare = services().resolve(contracts::store::kService, contracts::store::kDeclare);
        if (!declare) return std::move(declare).error();
        if (auto offered = offer_methods(); !offered) return std::move(offered).error();
        const auto context = host().own_context(std::chrono::seconds(30));
        services().call(*declare, Buffer(kDeclaration), context.raw(),
                        [this](Result<Buffer> declared) { begin(std::move(declared)); });
        return pending;
    }

  private:
    Result<> check_settings() {
        const auto& given = settings();
        const auto secret = given.jwt_secret.reveal().size();
        if (secret > 0 && secret < kMinSecret) {
            return Error::invalid("a shared secret has at least 32 bytes", "jwt_secret");
        }
        if (given.issue_shared && secret == 0) {
            return Error::invalid("needs jwt_secret", "issue_shared");
        }
        if (auto checked = check_services(given); !checked) return checked;
        const bool is_off = given.rate_limits == "off";
        const auto limit = parse_login_limit(is_off ? "off" : std::string_view(given.login_limit));
        if (!limit) return limit.error();
        users_.emplace(parts_, tokens_, tries_);
        commands_.emplace(*users_);
        return tries_.open(*limit);
    }

    static Result<> check_services(const Settings& given) {
        const auto& secret = given.service_secret.reveal();
        if (!secret.empty() && secret.size() < kMinSecret) {
            return Error::invalid("a shared secret has at least 32 bytes", "service_secret");
        }
        // Whoever may sign for users may not sign for services.
        if (!secret.empty() && secret == given.jwt_secret.reveal()) {
            return Error::invalid("must differ from jwt_secret", "service_secret");
        }
        return accounts::check_services(given.services);
    }

    void begin(Result<Buffer> declared) {
        if (!declared) return host().complete(SW_STEP_START, std::move(declared).error());
        ending_ = host().gauge("streamwall_accounts_keys_ending",
                               "Service keys that end soon and were not rotated.");
        overdue_ = host().gauge("streamwall_accounts_keys_overdue",
                                "Service keys past their end that are still taken.");
        seen_chores_.emplace(host(), "care of keys and tokens", chores_every());
        seen_chores_->waits();
        tasks_.start(do_chores());
        chores_ = host().every(chores_every(), [this] {
            seen_chores_->waits();
            if (const auto opened = tokens_.open_ring(); !opened) {
                log().error("accounts.signing_key", opened.error().message);
            }
            tasks_.start(do_chores());
        });
        parts_.teller.begin();
        parts_.teller.say_count();
        counts_ = host().every(Teller::kEvery, [this] { parts_.teller.say_count(); });
        host().complete(SW_STEP_START);
    }

    // Often enough that each state of a key is seen, however short its life is.
    milliseconds chores_every() const {
        const auto shortest = std::min(settings().key_lifetime, settings().key_warning);
        return std::clamp(shortest / 4, kLeastBetweenChores, kMostBetweenChores);
    }

    Step stop() override {
        chores_.cancel();
        counts_.cancel();
        parts_.teller.end();
        return ok();
    }

    Task<> do_chores() {
        const auto context = host().own_context(std::chrono::seconds(30));
        co_await tokens_.forget_ended(context);
        const auto ages = co_await keys_.flag_aged(context);
        if (!ages) {
            seen_chores_->ran(ages.error());
            log().warn("accounts.ages_unknown", ages.error().message);
            co_return;
        }
        seen_chores_->ran(std::to_string(ages->due) + " keys end soon, " +
                          std::to_string(ages->overdue) + " are overdue");
        ending_.set(static_cast<double>(ages->due));
        overdue_.set(static_cast<double>(ages->overdue));
    }

    // `run(std::string request, Context)` on the strand, as a task.
    template <class Run>
    Result<> offer(std::string_view service, std::string_view method, Run run) {
        return services().offer(service, method, [this, run](const Request& request) {
            return tasks_.serve(request,
                                run(std::string(request.body()), on_strand(request.context())));
        });
    }

    template <class Service>
    using Flow = Task<Result<Buffer>> (Service::*)(std::string, Context);

    template <class Service>
    Result<> offer_all(std::string_view name, Service& service,
                       std::initializer_list<std::pair<std::string_view, Flow<Service>>> methods) {
        for (const auto& [method, flow] : methods) {
            auto offered = offer(name, method, [&service, flow](std::string request, Context from) {
                return (service.*flow)(std::move(request), std::move(from));
            });
            if (!offered) return offered;
        }
        return ok();
    }

    Result<> offer_methods() {
        if (auto offered = offer_tokens(); !offered) return offered;
        auto offered = offer_all<Users>(names::kUsers, *users_,
                                        {{names::kSignUp, &Users::sign_up},
                                         {names::kLogIn, &Users::log_in},
                                         {names::kChangePassword, &Users::change_password},
                                         {names::kList, &Users::list},
                                         {names::kGet, &Users::get},
                                         {names::kCreate, &Users::create},
                                         {names::kTakeOver, &Users::take_over},
                                         {names::kUpdate, &Users::update},
                                         {names::kRemove, &Users::remove}});
        if (!offered) return offered;
        offered = offer_all<Keys>(names::kKeys, keys_,
                                  {{names::kList, &Keys::list},
                                   {names::kGet, &Keys::get},
                                   {names::kCreate, &Keys::create},
                                   {names::kRotate, &Keys::rotate},
                                   {names::kRevoke, &Keys::revoke}});
        if (!offered) return offered;
        return offer_all<Commands>(
            kCommandService, *commands_,
            {{"users create", &Commands::create_user}, {"users list", &Commands::list_users}});
    }

    static std::string token_of(std::string_view request) {
        const auto token = json::to_plain_text(json::find_member(request, "token"));
        return std::string(token.value_or(std::string_view()));
    }

    Result<> offer_tokens() {
        auto offered =
            offer(names::kTokens, names::kVerify, [this](const std::string& request, Context from) {
                return tokens_.verify(token_of(request), std::move(from));
            });
        if (!offered) return offered;
        offered =
            offer(names::kUsers, names::kLogOut, [this](const std::string& request, Context from) {
                return tokens_.log_out(token_of(request), address_of(request), std::move(from));
            });
        if (!offered) return offered;
        offered = offer(names::kUsers, names::kMe, [this](const std::string&, Context from) {
            return users_->me(std::move(from));
        });
        if (!offered) return offered;
        return services().offer(names::kTokens, names::kPublicKeys, [this](const Request&) {
            return Answer(Buffer(parts_.ring->public_set()));
        });
    }

    Parts parts_{.settings = settings(),
                 .host = host(),
                 .bus = bus(),
                 .store = Store(*this),
                 .teller = Teller(host(), bus())};
    Tokens tokens_{parts_};
    Keys keys_{parts_};
    LoginTries tries_{*this};
    std::optional<Users> users_;
    std::optional<Commands> commands_;
    Series ending_, overdue_;
    std::optional<records::Job> seen_chores_;
    Timer chores_;
    Timer counts_;
    Tasks tasks_{*this};  // behind what its tasks use
};

}  // namespace
}  // namespace streamwall::accounts

STREAMWALL_PLUGIN(streamwall::accounts::Accounts)
