#include "import_beside.hpp"

#include "each.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/contracts/streams.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <set>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

constexpr std::size_t kAtOnce = 100;
constexpr std::size_t kMostListed = 200;  // values in a filter of the store

Buffer taken(std::int64_t id, bool is_new) {
    return json::Writer().number("id", id).boolean("created", is_new).buffer();
}

std::int64_t id_of(std::string_view reply) {
    return json::to_integer(json::find_member(reply, "id")).value_or(0);
}

// The record in the way of a new one; 0 where something beside it is in the way.
std::int64_t holder_of(const Error& error) {
    if (error.code != SW_ALREADY_EXISTS) return 0;
    const bool is_record = contracts::store::detail_number(error, "change") == 0;
    return is_record ? contracts::store::detail_number(error, "id") : 0;
}

std::string create_request(const bj::object& body) {
    return json::Writer().raw("body", bj::serialize(body)).take();
}

}  // namespace

std::string BesideImport::external_id(std::int64_t old_id) {
    return "streamsource:" + std::to_string(old_id);
}

void BesideImport::leave_out(std::string what) {
    const std::lock_guard lock(mutex_);
    ++outcome_.left_out[std::move(what)];
}

// Side by side, some at a time.
Flow<bool> BesideImport::take_table(std::string_view table, const std::vector<ImportRow>& rows,
                                    Ids* ids, const Take& take, const Context& context) {
    if (rows.empty()) co_return true;
    outcome_.tables.emplace_back(table, ImportCounts{.rows = rows.size()});
    for (std::size_t from = 0; from < rows.size(); from += kAtOnce) {
        const auto count = std::min(kAtOnce, rows.size() - from);
        if (!go_on_(count)) co_return false;
        std::vector<Result<Buffer>> replies(count, Error::internal("was not carried out"));
        std::vector<std::size_t> places;
        while (places.size() < count)
            places.push_back(places.size());
        (void)co_await each(places, [&](std::size_t place, auto finish) {
            run(take(rows[from + place], context), [&replies, place, finish](Result<Buffer> reply) {
                replies[place] = std::move(reply);
                finish();
            });
        });
        auto& counts = outcome_.tables.back().second;
        for (const auto place : places) {
            const auto& row = rows[from + place];
            const auto& reply = replies[place];
            if (!reply) {
                outcome_.refuse({row.number, reply.error().message, table}, counts);
                continue;
            }
            const bool is_new = json::find_member(reply->view(), "created") == "true";
            ++(is_new ? counts.created : counts.known);
            if (ids != nullptr && id_of(reply->view()) != 0) {
                ids->emplace(row.old.own, id_of(reply->view()));
            }
        }
    }
    co_return true;
}

Flow<> BesideImport::take_user(const ImportRow& row, Context context) {
    const auto request =
        json::Writer().raw("body", bj::serialize(row.body)).boolean("dry_run", is_dry_).buffer();
    co_return co_await asked(
        [&](Reply reply) { doors_.take_user(request, context.raw(), std::move(reply)); });
}

Flow<> BesideImport::take_record(Resource& resource, bj::object body, Context context) {
    if (is_dry_) {
        const auto fits = resource.check(body, context);
        if (!fits) co_return fits.error();
        co_return taken(0, true);
    }
    const auto made = co_await resource.create(create_request(body), std::move(context));
    if (made) co_return taken(id_of(made->view()), true);
    const auto holder = holder_of(made.error());
    if (holder == 0) co_return made.error();
    co_return taken(holder, false);
}

// Where the name or one of the accounts is known, the accounts go one by one to whom they belong.
Flow<> BesideImport::take_streamer(const ImportRow& row, Context context) {
    auto& streamers = doors_.resources.streamers();
    const auto made = co_await take_record(streamers, row.body, context);
    const bool is_new = made && json::find_member(made->view(), "created") == "true";
    if (is_new || (!made && made.code() != SW_ALREADY_EXISTS)) co_return made;
    auto bare = row.body;
    bare.erase("accounts");
    const auto known = co_await take_record(streamers, std::move(bare), context);
    if (!known) co_return known;
    const std::string name(row.body.at("name").as_string());
    for (const auto& account : row.body.at("accounts").as_array()) {
        Streamers::Wanted wanted{.name = name,
                                 .platform = std::string(account.at("platform").as_string()),
                                 .username = std::string(account.at("username").as_string())};
        const auto owner = co_await streamers.find_or_make(std::move(wanted), true, context);
        if (!owner) co_return owner.error();
        if (records::number_at(*owner, "id") != id_of(known->view()))
            leave_out("accounts that are another streamer's");
    }
    co_return known;
}

// What is at the same moment under the same title is the same.
Flow<> BesideImport::take_timestamp(const ImportRow& row, Context context) {
    auto& timestamps = doors_.resources.timestamps();
    auto body = row.body;
    bj::array streams;
    for (const auto& item : row.body.at("streams").as_array()) {
        const auto* found = stream(item.at("stream_id").as_int64());
        if (found == nullptr) {
            if (!is_dry_) leave_out("streams of timestamps that are not here");
            continue;
        }
        streams.push_back(
            {{"stream_id", found->id}, {"offset_seconds", item.at("offset_seconds")}});
    }
    body["streams"] = std::move(streams);
    const auto fits = timestamps.check(body, context);
    if (!fits) co_return fits.error();
    if (is_dry_) co_return taken(0, true);
    const auto known = co_await timestamps.find_same(body, context);
    if (!known) co_return known.error();
    if (*known != 0) co_return taken(*known, false);
    const auto user = users_.find(row.old.user);
    const auto owner = user == users_.end() ? 0 : user->second;
    if (owner == 0 && row.old.user != 0) leave_out("users of timestamps that are not here");
    const auto made = co_await timestamps.create_for(owner, std::move(body), std::move(context));
    if (!made) co_return made.error();
    co_return taken(id_of(made->view()), true);
}

Flow<bool> BesideImport::before_streams(Context context) {
    if (doors_.take_user) {
        auto done = co_await take_table(
            "users", beside_.users, &users_,
            [this](const ImportRow& row, Context from) { return take_user(row, std::move(from)); },
            context);
        if (!done || !*done) co_return done;
    } else if (!beside_.users.empty()) {
        outcome_.passed_over.push_back({.table = "users", .rows = beside_.users.size()});
    }
    auto done = co_await take_table(
        "locations", beside_.locations, &locations_,
        [this](const ImportRow& row, Context from) {
            return take_record(doors_.resources.locations(), row.body, std::move(from));
        },
        context);
    if (!done || !*done) co_return done;
    co_return co_await take_table(
        "streamers", beside_.streamers, &streamers_,
        [this](const ImportRow& row, Context from) { return take_streamer(row, std::move(from)); },
        context);
}

Flow<bool> BesideImport::after_streams(Context context) {
    if (auto found = co_await find_streams_of_timestamps(context); !found) {
        co_return std::move(found).error();
    }
    auto done = co_await take_table(
        "timestamps", beside_.timestamps, nullptr,
        [this](const ImportRow& row, Context from) { return take_timestamp(row, std::move(from)); },
        context);
    if (!done || !*done) co_return done;
    co_return co_await take_table(
        "ignore_lists", beside_.ignore_lists, nullptr,
        [this](const ImportRow& row, Context from) {
            return take_record(doors_.resources.ignore_lists(), row.body, std::move(from));
        },
        context);
}

std::int64_t BesideImport::refer(ImportRow& row) {
    const auto look_up = [&](const Ids& ids, std::int64_t old_id, std::string_view what) {
        if (old_id == 0 || is_dry_) return std::int64_t{0};
        const auto found = ids.find(old_id);
        if (found != ids.end()) return found->second;
        leave_out(std::string(what) + " of streams that are not here");
        return std::int64_t{0};
    };
    if (row.old.own != 0 && !row.body.contains("external_id")) {
        row.body["external_id"] = external_id(row.old.own);
    }
    if (const auto id = look_up(streamers_, row.old.streamer, "streamers"); id != 0) {
        row.body["streamer_id"] = id;
    }
    if (const auto id = look_up(locations_, row.old.location, "locations"); id != 0) {
        row.body["location_id"] = id;
    }
    return look_up(users_, row.old.user, "users");
}

const BesideImport::Found* BesideImport::stream(std::int64_t old_id) const {
    const auto found = streams_.find(old_id);
    return found == streams_.end() ? nullptr : &found->second;
}

void BesideImport::made_stream(std::int64_t old_id, std::int64_t id) {
    if (old_id != 0) streams_.insert_or_assign(old_id, Found{.id = id, .url = {}});
}

Flow<std::monostate> BesideImport::find_streams(const std::vector<std::int64_t>& old_ids,
                                                Context context) {
    for (std::size_t from = 0; from < old_ids.size(); from += kMostListed) {
        std::map<std::string, std::int64_t, std::less<>> wanted;
        bj::array names;
        for (auto at = from; at < std::min(from + kMostListed, old_ids.size()); ++at) {
            wanted.emplace(external_id(old_ids[at]), old_ids[at]);
            names.emplace_back(external_id(old_ids[at]));
        }
        bj::array both;
        both.push_back({{"field", "archived"}, {"op", "in"}, {"value", {false, true}}});
        both.push_back({{"field", "external_id"}, {"op", "in"}, {"value", std::move(names)}});
        bj::object query{{"collection", contracts::streams::kCollection}, {"limit", 1000}};
        query["filter"] = bj::object{{"and", std::move(both)}};
        const Buffer request(bj::serialize(query));
        const auto page = co_await asked(
            [&](Reply reply) { doors_.records.query(request, context.raw(), std::move(reply)); });
        if (!page) co_return page.error();
        json::scan_items(json::find_member(page->view(), "records"), [&](std::string_view record) {
            const auto name = json::to_plain_text(json::find_member(record, "external_id"));
            const auto found = wanted.find(name.value_or(""));
            if (found == wanted.end()) return;
            const auto glance = contracts::glance_at_stream(record);
            streams_.insert_or_assign(found->second,
                                      Found{.id = glance.id, .url = std::string(glance.url)});
        });
    }
    co_return ok();
}

// Those that this import did not look at: it went on behind them.
Flow<std::monostate> BesideImport::find_streams_of_timestamps(const Context& context) {
    std::set<std::int64_t> missing;
    for (const auto& row : beside_.timestamps) {
        for (const auto& item : row.body.at("streams").as_array()) {
            const auto id = item.at("stream_id").as_int64();
            if (stream(id) == nullptr) missing.insert(id);
        }
    }
    co_return co_await find_streams({missing.begin(), missing.end()}, context);
}

}  // namespace streamwall::catalog
