#include "streamers.hpp"

#include "streamer_accounts.hpp"
#include "update_stream.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/records/requests.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <string>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;
namespace change = records::change;

constexpr std::string_view kAccounts = "streamer_accounts";
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxNotes = 10'000;
constexpr std::size_t kSideBySide = 100;  // changes of streams
constexpr int kMaxRounds = 100;

constexpr std::array kFilters =
    std::to_array<ListFilter>({{"name", "name_key", ListFilter::Match::kFolded}});
constexpr std::array<std::string_view, 2> kHidden = {"handle", "name_key"};
constexpr auto kShownOfRow = std::to_array<std::string_view>({"id", "platform", "username", "url"});

// Sorted by `name`, Zoe is behind ann: names are compared as people do.
constexpr ResourceKind kKind{.collection = "streamers",
                             .name = "streamer",
                             .title = "streamer",
                             .wrapper = "streamer",
                             .list = {.collection = "streamers",
                                      .filters = kFilters,
                                      .searched = R"(["name","notes"])",
                                      .sorts = " name_key created_at updated_at ",
                                      .default_sort = "name_key"},
                             .hidden = kHidden,
                             .rows = kAccounts};

bj::object account_row(const bj::value& owner, const bj::object& account) {
    return {{"owner", owner},
            {"platform", account.at("platform")},
            {"username", account.at("username")},
            {"url", account.at("url")}};
}

// Replies once so many changes are done: with the first failure, if any. A stream that is gone is
// none.
class AllOf {
  public:
    AllOf(std::size_t count, Reply reply) : left_(count), reply_(std::move(reply)) {}
    void one_is_done(const Result<Buffer>& record) {
        if (!record && record.code() != SW_NOT_FOUND) {
            const std::lock_guard lock(mutex_);
            if (!failure_) failure_ = record.error();
        }
        if (left_.fetch_sub(1) > 1) return;
        if (failure_) return reply_(std::move(*failure_));
        reply_(Buffer());
    }

  private:
    std::atomic<std::size_t> left_;
    std::mutex mutex_;
    std::optional<Error> failure_;
    Reply reply_;
};

bool is_same_account(const bj::object& a, const bj::object& b) {
    return a.at("platform") == b.at("platform") && a.at("username") == b.at("username");
}

}  // namespace

Streamers::Streamers(StorePort& store, StreamRecords& streams)
    : Resource(kKind, store), streams_(streams) {}

std::string Streamers::declaration() {
    return R"({"name":"streamers","fields":[{"name":"name","type":"text"},)"
           R"({"name":"notes","type":"text"},{"name":"name_key","type":"text"},)"
           R"({"name":"handle","type":"text"}],)"
           R"("search":)" +
           search_declaration(kKind.list) + "," +
           R"("unique":[{"name":"name_key","fields":["name_key"]},)"
           R"({"name":"handle","fields":["handle"]}],)"
           R"("indexes":[{"name":"name","fields":["name_key"]},)"
           R"({"name":"updated","fields":["updated_at"]}]},)"
           R"({"name":"streamer_accounts","fields":[{"name":"owner","type":"text"},)"
           R"({"name":"platform","type":"text"},{"name":"username","type":"text"},)"
           R"({"name":"url","type":"text"}],)"
           R"("unique":[{"name":"account","fields":["platform","username"]}],)"
           R"("indexes":[{"name":"owner","fields":["owner"]}]})";
}

std::string_view Streamers::shown_field(std::string_view field) const {
    return field == "name_key" ? "name" : "accounts";
}

Result<bj::object> Streamers::read(const Body& body) const {
    records::FieldErrors errors;
    bj::object values;
    const auto& members = body.members;
    if (members.contains("name") || body.needs_all()) {
        const auto* given = records::find_given(members, "name");
        const auto name = records::read_text(members, "name", kMaxName, errors);
        if (name && !model::trim(*name).empty()) {
            values["name"] = model::trim(*name);
        } else if (given == nullptr || name) {
            errors.add("name", "required", "is required");
        }
    }
    if (members.contains("notes")) {
        const auto notes = records::read_text(members, "notes", kMaxNotes, errors);
        values["notes"] = notes ? bj::value(*notes) : bj::value();
    }
    read_accounts(members, values, errors);
    records::refuse_unknown(
        members, body.request,
        {"id", "name", "notes", "accounts", "stream_count", "created_at", "updated_at", "version"},
        errors);
    if (errors.any()) return errors.error();
    return values;
}

Result<> Streamers::derive(Object& values, const Object* before, const Context&) const {
    if (values.contains("name")) values["name_key"] = folded(records::text_at(values, "name"));
    if (before == nullptr) values["handle"] = make_handle();
    return ok();
}

// What differs between the accounts that are there and those that are wanted.
Flow<std::monostate> Streamers::add_changes(Array& changes, Object& values, const Object* before,
                                            Context context) {
    const auto* given = values.if_contains("accounts");
    if (given == nullptr) co_return ok();
    const bj::array wanted = given->as_array();
    values.erase("accounts");
    const auto handle = before == nullptr ? values.at("handle") : before->at("handle");
    bj::array present;
    if (before != nullptr) {
        auto found = co_await rows_of(*before, std::move(context));
        if (!found) co_return found.error();
        present = std::move(*found);
    }
    for (const auto& row : present) {
        const auto& account = row.as_object();
        const bool stays = std::ranges::any_of(wanted, [&](const bj::value& other) {
            return is_same_account(other.as_object(), account);
        });
        if (!stays) changes.push_back(change::erase(kAccounts, account));
    }
    for (const auto& item : wanted) {
        const auto& account = item.as_object();
        const auto row = std::ranges::find_if(present, [&](const bj::value& other) {
            return is_same_account(other.as_object(), account);
        });
        if (row == present.end()) {
            changes.push_back(change::insert(kAccounts, account_row(handle, account)));
        } else if (row->at("url") != account.at("url")) {
            changes.push_back(
                change::update(kAccounts, row->as_object(), {{"url", account.at("url")}}));
        }
    }
    co_return ok();
}

Flow<std::monostate> Streamers::complete(Array& records, Context context) {
    const auto accounts = co_await rows_by_owner(records, kShownOfRow, context);
    if (!accounts) co_return accounts.error();
    for (auto& item : records) {
        const auto& record = item.as_object();
        const auto count =
            co_await count_streams("streamer_id", records::number_at(record, "id"), context);
        if (!count) co_return count.error();
        bj::object more;
        const auto own = accounts->find(records::text_at(record, "handle"));
        more["accounts"] = own == accounts->end() ? bj::array() : own->second;
        more["stream_count"] = *count;
        item = shown_record(record, kHidden, std::move(more));
    }
    co_return ok();
}

Flow<bj::object> Streamers::streamer(std::int64_t id, Context context) const {
    return find(id, std::move(context));
}

// Who has an account; NOT_FOUND where nobody does.
Flow<bj::object> Streamers::owner_of(std::string_view platform, const std::string& username,
                                     Context context) const {
    bj::array both;
    both.push_back({{"field", "platform"}, {"op", "eq"}, {"value", platform}});
    both.push_back({{"field", "username"}, {"op", "eq"}, {"value", username}});
    bj::object query{{"collection", kAccounts}, {"limit", 1}};
    query["filter"] = bj::object{{"and", std::move(both)}};
    const auto page = co_await this->query(std::move(query), context);
    if (!page) co_return page.error();
    const auto& rows = page->at("records").as_array();
    if (rows.empty()) co_return not_found();
    co_return co_await find_by("handle", {rows.front().at("owner")}, std::move(context));
}

Flow<std::monostate> Streamers::add_account(const Object& streamer, const Object& account,
                                            Context context) {
    const auto subject = "streamer/" + std::to_string(records::number_at(streamer, "id"));
    bj::array changes;
    changes.push_back(
        change::update(kKind.collection, streamer, {{"handle", streamer.at("handle")}}));
    changes.push_back(change::event(event_type("updated"), subject, 0));
    changes.push_back(change::insert(kAccounts, account_row(streamer.at("handle"), account)));
    const auto done = co_await apply(std::move(changes), std::move(context));
    if (!done) co_return done.error();
    co_return ok();
}

Flow<bj::object> Streamers::find_or_make(Wanted wanted, bool may_make, Context context) {
    const auto name = std::string(model::trim(wanted.name));
    const auto username = normal_username(wanted.username.empty() ? name : wanted.username);
    const bool has_account = wanted.platform != "other" && is_username(username);
    bj::object account;
    if (has_account) {
        const auto url = account_url(wanted.platform, username);
        account = {{"platform", wanted.platform}, {"username", username}};
        account["url"] = url.empty() ? bj::value() : bj::value(url);
    }
    for (int round = 1;; ++round) {
        if (has_account) {
            auto owner = co_await owner_of(wanted.platform, username, context);
            if (owner.code() != SW_NOT_FOUND) co_return owner;
        }
        auto named = co_await find_by("name_key", {bj::value(folded(name))}, context);
        Result<> done = ok();
        if (named && !has_account) co_return named;
        if (!may_make) co_return not_found();
        if (named) {
            done = co_await add_account(*named, account, context);
            if (done) co_return named;
        } else if (named.code() == SW_NOT_FOUND) {
            bj::object values{{"name", name}};
            if (has_account) values["accounts"] = bj::array{account};
            auto made = co_await insert(std::move(values), context);
            if (made) co_return made;
            done = made.error();
        } else {
            co_return named;
        }
        // Somebody else may have made or changed them meanwhile; then they are found.
        const bool may_be_found = done.code() == SW_ALREADY_EXISTS || done.code() == SW_ABORTED;
        if (!may_be_found || round == kMaxRounds) co_return done.error();
    }
}

// Sets values in each stream of a streamer, archived ones too, until there is none that differs.
Flow<std::monostate> Streamers::set_in_streams(std::int64_t id, Object values, Context context) {
    const auto& first = *values.begin();
    bj::array terms;
    terms.push_back({{"field", "archived"}, {"op", "in"}, {"value", {false, true}}});
    terms.push_back({{"field", "streamer_id"}, {"op", "eq"}, {"value", id}});
    terms.push_back({{"field", first.key()}, {"op", "ne"}, {"value", first.value()}});
    bj::object query{{"collection", contracts::streams::kCollection}};
    query["filter"] = bj::object{{"and", std::move(terms)}};
    const auto streams = co_await query_all(std::move(query), context);
    if (!streams) co_return streams.error();
    for (std::size_t from = 0; from < streams->size(); from += kSideBySide) {
        const auto count = std::min(kSideBySide, streams->size() - from);
        const auto done = co_await asked([&](Reply reply) {
            const auto all = std::make_shared<AllOf>(count, std::move(reply));
            for (std::size_t at = from; at < from + count; ++at) {
                const auto id = (*streams)[at].at("id").as_int64();
                set_in_stream(streams_, {.id = id, .versions = {}}, values, Check::kNone,
                              context.raw(),
                              [all](Result<Buffer> record) { all->one_is_done(record); });
            }
        });
        if (!done) co_return done.error();
    }
    co_return ok();
}

// Streams hold their streamer's name.
Flow<> Streamers::update(std::string request, Context context) {
    auto after = co_await Resource::update(std::move(request), context);
    if (!after) co_return after;
    const auto record = json::parse_object(after->view());
    if (!record) co_return record.error();
    const auto id = records::number_at(*record, "id");
    const auto done =
        co_await set_in_streams(id, {{"streamer_name", record->at("name")}}, std::move(context));
    if (!done) co_return done.error();
    co_return after;
}

// Its streams stay, without streamer.
Flow<> Streamers::remove(std::string request, Context context) {
    const auto id = records::id_of(request);
    const auto before = co_await find(id, context);
    if (!before) co_return before.error();
    if (auto fits = records::check_version(request, *before); !fits) co_return fits.error();
    const bj::object nobody{{"streamer_id", nullptr}, {"streamer_name", nullptr}};
    auto done = co_await set_in_streams(id, nobody, context);
    if (!done) co_return done.error();
    auto removed = co_await Resource::remove(std::move(request), context);
    if (!removed) co_return removed;
    // What got its streamer meanwhile.
    done = co_await set_in_streams(id, nobody, std::move(context));
    if (!done) co_return done.error();
    co_return removed;
}

}  // namespace streamwall::catalog
