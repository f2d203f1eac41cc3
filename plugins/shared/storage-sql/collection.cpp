#include "storage-sql/collection.hpp"

#include <algorithm>
#include <array>

#include "storage-sql/filter.hpp"
#include "storage-sql/time_text.hpp"

namespace streamwall::storage {
namespace {

constexpr std::array<std::pair<std::string_view, FieldType>, 6> kTypes{{
    {"integer", FieldType::kInteger},
    {"real", FieldType::kReal},
    {"text", FieldType::kText},
    {"boolean", FieldType::kBoolean},
    {"json", FieldType::kJson},
    {"time", FieldType::kTime},
}};
constexpr std::size_t kMaxNameLength = 63;
constexpr std::size_t kMaxFields = 200;
constexpr std::size_t kMaxSearchedFields = 32;

bool is_name(std::string_view name) {
    const auto valid = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !name.empty() && name.size() <= kMaxNameLength && name[0] >= 'a' && name[0] <= 'z' &&
           std::ranges::all_of(name, valid);
}

std::string element(std::string_view at, std::string_view member, std::size_t index) {
    return std::string(at) + "." + std::string(member) + "[" + std::to_string(index) + "]";
}

const boost::json::array* array_member(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value == nullptr ? nullptr : value->if_array();
}

std::string_view view(const boost::json::string& text) {
    return {text.data(), text.size()};
}

Result<std::vector<std::string>> read_names(const boost::json::object& key, std::string_view at) {
    std::vector<std::string> names;
    if (const auto* fields = array_member(key, "fields")) {
        for (const auto& field : *fields) {
            if (!field.is_string()) return invalid(at, "a field of a key is not a text");
            names.emplace_back(view(field.get_string()));
        }
    }
    if (names.empty()) return invalid(at, "a key needs \"fields\"");
    return names;
}

std::string_view bare(std::string_view field) {
    return field.starts_with('-') ? field.substr(1) : field;
}

Column own_column(std::string name, FieldType type) {
    Column column;
    column.name = std::move(name);
    column.type = type;
    column.nullable = false;
    column.declared = false;
    return column;
}

void append_names(std::string& out, const std::vector<std::string>& names,
                  std::string_view member = R"(,"fields":[)") {
    out += member;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, names[i]);
    }
    out += ']';
}

Result<Column> read_field(const boost::json::value& value, const std::string& at) {
    const auto* object = value.if_object();
    if (object == nullptr) return invalid(at, "a field is an object");
    Column column;
    column.name = text_member(*object, "name");
    if (!is_name(column.name)) {
        return invalid(at + ".name", "a name is a-z, 0-9 and _, begins with a letter, at most 63");
    }
    const auto type = text_member(*object, "type");
    const auto* known = std::ranges::find(kTypes, type, &decltype(kTypes)::value_type::first);
    if (known == kTypes.end()) {
        return invalid(at + ".type", "unknown type \"" + std::string(type) +
                                         "\"; known: integer, real, text, boolean, json, time");
    }
    column.type = known->second;
    if (const auto* fallback = object->if_contains("default"); fallback && !fallback->is_null()) {
        Kept kept;
        column.default_json = boost::json::serialize(*fallback);
        auto parsed = column_value(column, *fallback, column.default_json, kept);
        if (!parsed) return invalid(at + ".default", parsed.error().message);
        if (const auto* integer = std::get_if<std::int64_t>(&*parsed)) {
            column.default_value = *integer;
        } else if (const auto* real = std::get_if<double>(&*parsed)) {
            column.default_value = *real;
        } else if (const auto* text = std::get_if<std::string_view>(&*parsed)) {
            column.default_value = std::string(*text);
        }
        column.nullable = false;
    }
    return column;
}

}  // namespace

std::string_view type_name(FieldType type) {
    return std::ranges::find(kTypes, type, &decltype(kTypes)::value_type::second)->first;
}

Value Column::default_as_value() const {
    if (const auto* integer = std::get_if<std::int64_t>(&default_value)) return *integer;
    if (const auto* real = std::get_if<double>(&default_value)) return *real;
    if (const auto* text = std::get_if<std::string>(&default_value)) return std::string_view(*text);
    return std::monostate{};
}

Result<std::shared_ptr<const Collection>> Collection::parse(const Dialect& dialect,
                                                            const boost::json::object& declaration,
                                                            std::string_view at) {
    std::shared_ptr<Collection> collection(new Collection);
    collection->name_ = text_member(declaration, "name");
    if (!is_name(collection->name_)) {
        return invalid(std::string(at) + ".name",
                       "a name is a-z, 0-9 and _, begins with a letter, at most 63");
    }
    if (auto read = collection->read_fields(declaration.if_contains("fields"), at); !read) {
        return std::unexpected(read.error());
    }
    if (auto read = collection->read_keys(dialect, declaration, at); !read) {
        return std::unexpected(read.error());
    }
    if (auto read = collection->read_search(declaration, at); !read) {
        return std::unexpected(read.error());
    }
    collection->finish(dialect);
    return collection;
}

Result<void> Collection::read_fields(const boost::json::value* fields, std::string_view at) {
    columns_.push_back(own_column("id", FieldType::kInteger));
    if (fields != nullptr && !fields->is_array()) {
        return invalid(std::string(at) + ".fields", "\"fields\" is a list");
    }
    for (std::size_t i = 0; fields != nullptr && i < fields->get_array().size(); ++i) {
        const std::string here = element(at, "fields", i);
        auto column = read_field(fields->get_array()[i], here);
        if (!column) return std::unexpected(column.error());
        constexpr std::array<std::string_view, 3> kOwn{"created_at", "updated_at", "version"};
        if (std::ranges::find(kOwn, column->name) != kOwn.end() || find(column->name)) {
            return invalid(here + ".name", "the field \"" + column->name + "\" is there already");
        }
        columns_.push_back(std::move(*column));
    }
    if (columns_.size() > kMaxFields) {
        return invalid(std::string(at) + ".fields", "a collection has at most 200 fields");
    }
    columns_.push_back(own_column("created_at", FieldType::kTime));
    columns_.push_back(own_column("updated_at", FieldType::kTime));
    columns_.push_back(own_column("version", FieldType::kInteger));
    return {};
}

Result<void> Collection::read_keys(const Dialect& dialect, const boost::json::object& declaration,
                                   std::string_view at) {
    for (const std::string_view kind : {"unique", "indexes"}) {
        const auto* list = array_member(declaration, kind);
        for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
            const std::string here = element(at, kind, i);
            const auto* key = (*list)[i].if_object();
            if (key == nullptr) return invalid(here, "a key is an object");
            const std::string name(text_member(*key, "name"));
            if (!is_name(name)) return invalid(here + ".name", "a key needs a name like a field's");
            auto fields = read_names(*key, here);
            if (!fields) return std::unexpected(fields.error());
            for (const auto& field : *fields) {
                const auto column = find(kind == "unique" ? std::string_view(field) : bare(field));
                if (!column) return invalid(here, "no field \"" + field + "\"");
                if (columns_[*column].type == FieldType::kJson) {
                    return invalid(here, "a field of type json can't be in a key");
                }
            }
            if (kind == "indexes") {
                indexes_.push_back({name, std::move(*fields)});
                continue;
            }
            UniqueKey unique{name, std::move(*fields), {}, {}};
            if (const auto* where = key->if_contains("where")) {
                Kept kept;
                SqlBuilder sql(dialect, SqlBuilder::Values::kInlined);
                if (auto built = append_filter(sql, *this, *where, kept); !built) {
                    return std::unexpected(built.error());
                }
                unique.where_json = boost::json::serialize(*where);
                unique.where_sql = sql.take().sql;
            }
            uniques_.push_back(std::move(unique));
        }
    }
    return {};
}

Result<std::vector<std::string>> Collection::read_search_fields(const boost::json::object& search,
                                                                std::string_view member,
                                                                FieldType type,
                                                                const std::string& at) const {
    std::vector<std::string> names;
    const auto* list = array_member(search, member);
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        const auto& given = (*list)[i];
        const std::string name(given.is_string() ? view(given.get_string()) : std::string_view());
        const std::string here = element(at, member, i);
        const auto column = find(name);
        if (!column) return invalid(here, "no field \"" + name + "\"");
        if (columns_[*column].type != type) {
            return invalid(here,
                           "a field here is of type \"" + std::string(type_name(type)) + "\"");
        }
        if (type == FieldType::kBoolean && columns_[*column].nullable) {
            return invalid(here, "the field \"" + name + "\" needs a default");
        }
        if (std::ranges::find(names, name) != names.end()) {
            return invalid(here, "the field \"" + name + "\" is named twice");
        }
        names.push_back(name);
    }
    return names;
}

Result<void> Collection::read_search(const boost::json::object& declaration, std::string_view at) {
    const auto* member = declaration.if_contains("search");
    if (member == nullptr || member->is_null()) return {};
    const std::string here = std::string(at) + ".search";
    const auto* search = member->if_object();
    if (search == nullptr) return invalid(here, "\"search\" is an object");
    auto fields = read_search_fields(*search, "fields", FieldType::kText, here);
    if (!fields) return std::unexpected(fields.error());
    auto beside = read_search_fields(*search, "beside", FieldType::kBoolean, here);
    if (!beside) return std::unexpected(beside.error());
    if (fields->empty() || fields->size() > kMaxSearchedFields) {
        return invalid(here + ".fields", "a search takes 1 to 32 \"fields\"");
    }
    if (beside->size() > kMaxBeside) {
        return invalid(here + ".beside", "a search has at most 3 fields beside it");
    }
    search_ = SearchIndex{std::move(*fields), std::move(*beside)};
    return {};
}

void Collection::finish(const Dialect& dialect) {
    table_ = dialect.identifier("record_" + name_);
    search_table_ = dialect.identifier("search_" + name_);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i > 0) column_list_ += ", ";
        append_identifier(column_list_, columns_[i].name);
        columns_[i].rendered_key = i > 0 ? ",\"" : "{\"";
        columns_[i].rendered_key += columns_[i].name + "\":";
    }
    select_by_id_ = "SELECT " + column_list_ + " FROM ";
    append_identifier(select_by_id_, table_);
    select_by_id_ += " WHERE \"id\" = ";
    dialect.placeholder(select_by_id_, 1);
}

Result<std::shared_ptr<const Collection>> Collection::merge(const Dialect& dialect,
                                                            const Collection& older,
                                                            const Collection& newer) {
    // The text form is merged, so that positions and conditions are worked out in one place.
    boost::json::object merged = boost::json::parse(older.declaration()).as_object();
    const boost::json::object added = boost::json::parse(newer.declaration()).as_object();
    for (const std::string_view list : {"fields", "unique", "indexes"}) {
        auto& into = merged[list].as_array();
        for (const auto& item : added.at(list).as_array()) {
            const auto& name = item.at("name").as_string();
            auto* same = std::ranges::find_if(
                into, [&](const auto& known) { return known.at("name").as_string() == name; });
            if (same == into.end()) {
                into.push_back(item);
                continue;
            }
            if (list == "fields" && same->at("type") != item.at("type")) {
                const std::string field = older.name_ + "." + std::string(view(name));
                return std::unexpected(field_error(
                    Code::kFailedPrecondition, field, "type_changed",
                    "the field \"" + field + "\" is declared as " +
                        std::string(view(item.at("type").as_string())) + " but stored as " +
                        std::string(view(same->at("type").as_string()))));
            }
            *same = item;
        }
    }
    if (const auto* search = added.if_contains("search")) merged["search"] = *search;
    return parse(dialect, merged, older.name_);
}

std::optional<std::size_t> Collection::find(std::string_view column) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].name == column) return i;
    }
    return std::nullopt;
}

const UniqueKey* Collection::find_unique(std::string_view name) const {
    const auto found = std::ranges::find(uniques_, name, &UniqueKey::name);
    return found == uniques_.end() ? nullptr : &*found;
}

std::string Collection::declaration() const {
    std::string out = R"({"name":)";
    append_json_string(out, name_);
    out += R"(,"fields":[)";
    bool first = true;
    for (const auto& column : columns_) {
        if (!column.declared) continue;
        out += first ? R"({"name":)" : R"(,{"name":)";
        first = false;
        append_json_string(out, column.name);
        out += R"(,"type":)";
        append_json_string(out, type_name(column.type));
        out += R"(,"default":)" + column.default_json + "}";
    }
    out += R"(],"unique":[)";
    for (const auto& unique : uniques_) {
        out += &unique == uniques_.data() ? R"({"name":)" : R"(,{"name":)";
        append_json_string(out, unique.name);
        append_names(out, unique.fields);
        if (!unique.where_json.empty()) out += R"(,"where":)" + unique.where_json;
        out += '}';
    }
    out += R"(],"indexes":[)";
    for (const auto& index : indexes_) {
        out += &index == indexes_.data() ? R"({"name":)" : R"(,{"name":)";
        append_json_string(out, index.name);
        append_names(out, index.fields);
        out += '}';
    }
    out += ']';
    if (search_) {
        append_names(out, search_->fields, R"(,"search":{"fields":[)");
        append_names(out, search_->beside, R"(,"beside":[)");
        out += '}';
    }
    out += '}';
    return out;
}

CollectionPtr find_collection(const Schema& schema, std::string_view name) {
    const auto found =
        std::ranges::find_if(schema, [&](const auto& known) { return known->name() == name; });
    return found == schema.end() ? nullptr : *found;
}

Result<Value> column_value(const Column& column, const boost::json::value& value,
                           std::string_view raw, Kept& kept) {
    if (value.is_null()) return column.default_as_value();
    switch (column.type) {
        case FieldType::kInteger:
            if (const auto* integer = value.if_int64()) return *integer;
            break;
        case FieldType::kReal:
            if (const auto* integer = value.if_int64()) return static_cast<double>(*integer);
            if (const auto* real = value.if_double()) return *real;
            break;
        case FieldType::kText:
            if (const auto* text = value.if_string()) return view(*text);
            break;
        case FieldType::kBoolean:
            if (const auto* flag = value.if_bool()) return static_cast<std::int64_t>(*flag);
            break;
        case FieldType::kJson:
            return std::string_view(
                kept.emplace_back(raw.empty() ? boost::json::serialize(value) : compact(raw)));
        case FieldType::kTime:
            if (const auto* text = value.if_string()) {
                if (const auto time = parse_time(view(*text))) return *time;
                return invalid(column.name, "\"" + column.name + "\" is no RFC 3339 time");
            }
            break;
    }
    return invalid(column.name,
                   "\"" + column.name + "\" is of type " + std::string(type_name(column.type)));
}

}  // namespace streamwall::storage
