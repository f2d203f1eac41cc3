#include "walls.hpp"

#include "permissions.hpp"

#include <streamwall/model/text.hpp>
#include <streamwall/records/requests.hpp>

#include <array>
#include <string>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;
namespace change = records::change;

constexpr std::size_t kMaxName = 100;
constexpr std::size_t kMaxNotes = 10'000;
constexpr std::size_t kMaxLayouts = 200;  // of one wall
constexpr std::string_view kWallId = "wall_id";

constexpr std::array kWallFilters =
    std::to_array<ListFilter>({{"name", "name_key", ListFilter::Match::kFolded}});
constexpr std::array kLayoutFilters = std::to_array<ListFilter>(
    {{kWallId, kWallId}, {"name", "name_key", ListFilter::Match::kFolded}});
constexpr std::array<std::string_view, 1> kHidden = {"name_key"};

constexpr ResourceKind kWall{.collection = "walls",
                             .name = "wall",
                             .title = "wall",
                             .wrapper = "wall",
                             .list = {.collection = "walls",
                                      .filters = kWallFilters,
                                      .searched = R"(["name","notes"])",
                                      .sorts = " name_key created_at updated_at ",
                                      .default_sort = "name_key"},
                             .hidden = kHidden};
constexpr ResourceKind kLayout{.collection = "layouts",
                               .name = "layout",
                               .title = "layout",
                               .wrapper = "layout",
                               .list = {.collection = "layouts",
                                        .filters = kLayoutFilters,
                                        .searched = R"(["name"])",
                                        .sorts = " name_key created_at updated_at ",
                                        .default_sort = "name_key"},
                               .hidden = kHidden};

void read_name(const Body& body, bj::object& values, records::FieldErrors& errors) {
    if (!body.members.contains("name") && !body.needs_all()) return;
    if (records::find_given(body.members, "name") == nullptr)
        return errors.add("name", "required", "is required");
    const auto name = records::read_text(body.members, "name", kMaxName, errors);
    if (!name) return;
    if (model::trim(*name).empty()) return errors.add("name", "required", "is required");
    values["name"] = model::trim(*name);
}

// What follows from the values, and whether they fit.
Result<> complete_values(bj::object& values, const bj::object* before, const Context& context) {
    if (values.contains("name")) values["name_key"] = folded(records::text_at(values, "name"));
    if (before == nullptr) {
        if (const auto user = owner_id(context.raw()); user != 0) values["user_id"] = user;
    }
    return check_arrangement(values, before);
}

void hide(bj::array& list) {
    for (auto& record : list)
        record = shown_record(record.as_object(), kHidden, {});
}

std::int64_t wall_of(std::string_view request) {
    return json::to_integer(json::find_member(request, kWallId)).value_or(0);
}

// The fields of a collection, `own` among them, with a comma behind each.
std::string fields(std::string_view own) {
    return std::string(R"("fields":[{"name":"name","type":"text"},)")
        .append(R"({"name":"name_key","type":"text"},)")
        .append(kArrangementFields)
        .append(own)
        .append(R"({"name":"user_id","type":"integer"}],)");
}

}  // namespace

Walls::Walls(StorePort& store, const Layouts& layouts)
    : Resource(kWall, store), layouts_(layouts) {}

std::string Walls::declaration() {
    return R"({"name":"walls",)" + fields(R"({"name":"notes","type":"text"},)") + R"("search":)" +
           search_declaration(kWall.list) + "," +
           R"("unique":[{"name":"name_key","fields":["name_key"]}],)"
           R"("indexes":[{"name":"name","fields":["name_key"]},)"
           R"({"name":"updated","fields":["updated_at"]}]})";
}

Flow<std::monostate> Walls::expect(std::int64_t id, Context context) const {
    const auto wall = co_await find(id, std::move(context));
    if (!wall) co_return wall.error();
    co_return ok();
}

Result<bj::object> Walls::read(const Body& body) const {
    records::FieldErrors errors;
    bj::object values;
    read_name(body, values, errors);
    read_arrangement(body, values, errors);
    if (body.members.contains("notes")) {
        const auto notes = records::read_text(body.members, "notes", kMaxNotes, errors);
        values["notes"] = notes ? bj::value(*notes) : bj::value();
    }
    records::refuse_unknown(body.members, body.request,
                            {"id", "name", "columns", "rows", "cells", "spotlight", "notes",
                             "user_id", "created_at", "updated_at", "version"},
                            errors);
    if (errors.any()) return errors.error();
    return values;
}

Result<> Walls::derive(Object& values, const Object* before, const Context& context) const {
    return complete_values(values, before, context);
}

Flow<std::monostate> Walls::add_changes(Array&, Object& values, const Object*, Context context) {
    return expect_streams(streams_in(values), "cells.stream_id", std::move(context));
}

// Its layouts go with it.
Flow<std::monostate> Walls::add_removals(Array& changes, const Object& record, Context context) {
    return layouts_.add_removals_of(records::number_at(record, "id"), changes, std::move(context));
}

Flow<std::monostate> Walls::complete(Array& list, Context) {
    hide(list);
    co_return ok();
}

std::string_view Walls::shown_field(std::string_view) const {
    return "name";
}

Layouts::Layouts(StorePort& store) : Resource(kLayout, store) {}

std::string Layouts::declaration() {
    return R"({"name":"layouts",)" + fields(R"({"name":"wall_id","type":"integer"},)") +
           R"("search":)" + search_declaration(kLayout.list) + "," +
           R"("unique":[{"name":"name_key","fields":["wall_id","name_key"]}],)"
           R"("indexes":[{"name":"wall","fields":["wall_id","name_key"]}]})";
}

Result<bj::object> Layouts::read(const Body& body) const {
    records::FieldErrors errors;
    bj::object values;
    read_name(body, values, errors);
    read_arrangement(body, values, errors);
    records::refuse_unknown(body.members, body.request,
                            {"id", "wall_id", "name", "columns", "rows", "cells", "spotlight",
                             "user_id", "created_at", "updated_at", "version"},
                            errors);
    if (errors.any()) return errors.error();
    if (body.mode == model::InputMode::kCreate) values[kWallId] = wall_of(body.request);
    return values;
}

Result<> Layouts::derive(Object& values, const Object* before, const Context& context) const {
    return complete_values(values, before, context);
}

Flow<std::monostate> Layouts::add_changes(Array&, Object& values, const Object*, Context context) {
    return expect_streams(streams_in(values), "cells.stream_id", std::move(context));
}

Flow<std::monostate> Layouts::complete(Array& list, Context) {
    hide(list);
    co_return ok();
}

std::string_view Layouts::shown_field(std::string_view) const {
    return "name";
}

Flow<bj::array> Layouts::of_wall(std::int64_t wall, Context context) const {
    bj::object filter{{"field", kWallId}, {"op", "eq"}, {"value", wall}};
    bj::object query{{"collection", kLayout.collection}};
    query["filter"] = std::move(filter);
    return query_all(std::move(query), std::move(context));
}

Flow<std::monostate> Layouts::add_removals_of(std::int64_t wall, Array& changes,
                                              Context context) const {
    const auto layouts = co_await of_wall(wall, std::move(context));
    if (!layouts) co_return layouts.error();
    for (const auto& layout : *layouts) {
        const auto& record = layout.as_object();
        const auto index = static_cast<std::int64_t>(changes.size());
        const auto subject = "layout/" + std::to_string(records::number_at(record, "id"));
        changes.push_back(change::erase(kLayout.collection, record));
        changes.push_back(change::event(event_type("deleted"), subject, index));
    }
    co_return ok();
}

// The layout that a request names is one of the wall that it names.
Flow<std::monostate> Layouts::expect(std::string request, Context context) const {
    const auto record = co_await find(records::id_of(request), std::move(context));
    if (!record) co_return record.error();
    if (records::number_at(*record, kWallId) != wall_of(request)) co_return not_found();
    co_return ok();
}

Flow<> Layouts::get(std::string request, Context context) {
    if (auto there = co_await expect(request, context); !there) co_return there.error();
    co_return co_await Resource::get(std::move(request), std::move(context));
}

Flow<> Layouts::list(std::string request, Context context) {
    auto there = co_await walls_->expect(wall_of(request), context);
    if (!there) co_return there.error();
    co_return co_await Resource::list(std::move(request), std::move(context));
}

Flow<> Layouts::create(std::string request, Context context) {
    const auto wall = wall_of(request);
    auto there = co_await walls_->expect(wall, context);
    if (!there) co_return there.error();
    const auto known = co_await of_wall(wall, context);
    if (!known) co_return known.error();
    if (known->size() >= kMaxLayouts) {
        records::FieldErrors errors;
        errors.add("name", "too_many", "is one more than the 200 layouts that a wall may have");
        co_return errors.error();
    }
    co_return co_await Resource::create(std::move(request), std::move(context));
}

Flow<> Layouts::update(std::string request, Context context) {
    if (auto there = co_await expect(request, context); !there) co_return there.error();
    co_return co_await Resource::update(std::move(request), std::move(context));
}

Flow<> Layouts::remove(std::string request, Context context) {
    if (auto there = co_await expect(request, context); !there) co_return there.error();
    co_return co_await Resource::remove(std::move(request), std::move(context));
}

}  // namespace streamwall::catalog
