#include "sessions.hpp"

#include "announcement.hpp"

#include <streamwall/contracts/collaboration.hpp>
#include <streamwall/records/input.hpp>

#include <boost/json.hpp>

#include <utility>

namespace streamwall::collaboration {

namespace {

namespace bj = boost::json;
constexpr std::size_t kMaxTitle = 200;
constexpr std::size_t kMaxKey = 64;  // of a session

Result<Person> editor(const Context& context) {
    auto person = make_person(context.raw());
    if (person && person->may_edit()) return std::move(*person);
    return Error{SW_PERMISSION_DENIED, "Editors alone may do this.", {}, {}};
}

// Stands for a connection: all requests of somebody are one.
std::string owner_of(const Person& person) {
    return "api/" + person.key();
}

// An error of one field as one of a body.
Error as_field_error(const Error& error) {
    records::FieldErrors errors;
    errors.add(error.where, "invalid", error.message);
    return errors.error();
}

constexpr std::pair<std::string_view, std::size_t> kCellMembers[] = {
    {"cell_id", 170}, {"resource", 32}, {"resource_id", 64}, {"field", 64}};

// Whatever is given has to be right, also beside a cell_id that would do alone.
Result<Cell> read_cell_body(const std::string& request) {
    const auto body = records::read_body(request, "lock");
    if (!body) return body.error();
    records::FieldErrors errors;
    for (const auto& [name, longest] : kCellMembers) {
        const auto* value = records::find_given(*body, name);
        if (value && name == "resource_id" && value->is_int64()) continue;
        records::read_text(*body, name, longest, errors);
    }
    records::refuse_unknown(*body, request, {"cell_id", "resource", "resource_id", "field"},
                            errors);
    if (errors.any()) return errors.error();
    Place here{"", ""};
    if (const auto* id = records::find_given(*body, "cell_id")) {
        const std::string_view text = id->get_string();
        here.resource = std::string(text.substr(0, text.find('_')));
    } else if (const auto* resource = records::find_given(*body, "resource")) {
        here.resource = std::string(resource->get_string());
    }
    auto cell = read_cell(*body, here);
    if (!cell) return as_field_error(cell.error());
    bj::object said;
    describe(*cell, said);
    for (const auto& [name, longest] : kCellMembers) {
        const auto* value = records::find_given(*body, name);
        if (value == nullptr || *value == said.at(name)) continue;
        if (value->is_int64() && std::to_string(value->get_int64()) == cell->place.resource_id) {
            continue;
        }
        errors.add(name, "invalid", "names another cell than cell_id");
    }
    if (errors.any()) return errors.error();
    return cell;
}

Error held(const Lock& lock) {
    bj::object holder;
    describe(lock.person, holder);
    holder["expires_at"] = render_time(lock.expires_ms);
    return {SW_ABORTED,
            "Somebody else edits this.",
            {},
            bj::serialize(bj::object{{"code", "locked"}, {"holder", std::move(holder)}})};
}

Buffer render(const Lock& lock) {
    auto out = describe(lock, "");
    out.erase("action");
    return Buffer(bj::serialize(out));
}

}  // namespace

Task<Result<Buffer>> Sessions::create(std::string request, Context context) {
    auto person = editor(context);
    if (!person) co_return std::move(person).error();
    auto body = records::read_body(request, "session");
    if (!body) co_return std::move(body).error();
    auto place = read_place(*body);
    if (!place) co_return as_field_error(place.error());
    records::FieldErrors errors;
    const auto title = records::read_text(*body, "title", kMaxTitle, errors);
    records::refuse_unknown(*body, request, {"resource", "resource_id", "title"}, errors);
    if (errors.any()) co_return errors.error();
    const auto key = rooms::wire::make_owner();
    bj::array changes{records::change::insert(kSessions, {{"key", key},
                                                          {"resource", place->resource},
                                                          {"resource_id", place->resource_id},
                                                          {"title", title.value_or("")},
                                                          {"created_by", person->key()}})};
    changes.push_back(
        records::change::event(contracts::collaboration::kSessionCreated, "collaboration_session/{id}", 0));
    auto results = co_await store_.apply(std::move(changes), std::move(context));
    if (!results) co_return std::move(results).error();
    const auto& record = results->at(0).as_object();
    bj::object out{{"id", key}};
    for (const auto* name : {"resource", "resource_id", "title", "created_at"})
        out[name] = record.at(name);
    co_return Buffer(bj::serialize(out));
}

Task<Result<Buffer>> Sessions::lock(std::string request, Context context) {
    auto person = editor(context);
    if (!person) co_return std::move(person).error();
    auto cell = read_cell_body(request);
    if (!cell) co_return std::move(cell).error();
    auto outcome = co_await channel_.lock(*cell, owner_of(*person), *person);
    if (!outcome) co_return std::move(outcome).error();
    if (!outcome->granted) co_return held(outcome->lock);
    co_return render(outcome->lock);
}

Task<Result<Buffer>> Sessions::unlock(std::string request, Context context) {
    auto person = editor(context);
    if (!person) co_return std::move(person).error();
    auto cell = read_cell_body(request);
    if (!cell) co_return std::move(cell).error();
    auto done = co_await channel_.unlock(*cell, owner_of(*person));
    if (!done) co_return std::move(done).error();
    if (done->held) co_return held(*done->held);
    co_return Buffer("{}");
}

Task<Result<Buffer>> Sessions::announce(std::string request, Context context) {
    auto person = editor(context);
    if (!person) co_return std::move(person).error();
    auto body = records::read_body(request, "announcement");
    if (!body) co_return std::move(body).error();
    records::FieldErrors errors;
    const auto session = records::read_text(*body, "session", kMaxKey, errors);
    if (session && records::find_given(*body, "resource")) {
        errors.add("session", "invalid", "stands in the place of resource");
    }
    records::refuse_unknown(*body, request,
                            {"resource", "resource_id", "session", "message", "except"}, errors);
    if (errors.any()) co_return errors.error();
    auto message = make_announcement(*body, *person);
    if (!message) co_return as_field_error(message.error());
    auto except = read_except(*body);
    if (!except) co_return as_field_error(except.error());
    Place place;
    std::string room;
    if (session) {
        auto record = co_await store_.find(kSessions, "key", *session, plugin_.host().own_context());
        if (!record) co_return std::move(record).error();
        if (!*record) co_return Error::not_found("There is no such session.");
        if (records::text_at(**record, "created_by") == person->key()) person->role = Role::kOwner;
        room = std::string(kOwnSession) + *session;
    } else {
        auto read = read_place(*body);
        if (!read) co_return as_field_error(read.error());
        place = std::move(*read);
    }
    if (person->role != Role::kOwner) {
        co_return Error{SW_PERMISSION_DENIED, "Owners alone may announce something.", {}, {}};
    }
    const auto count = channel_.announce(place, *message, *except, room);
    co_return Buffer(bj::serialize(bj::object{{"connections", count}}));
}

}  // namespace streamwall::collaboration
