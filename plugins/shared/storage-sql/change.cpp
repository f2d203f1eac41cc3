#include "storage-sql/change.hpp"

#include "storage-sql/event.hpp"
#include "storage-sql/query.hpp"
#include "storage-sql/sql_builder.hpp"

namespace streamwall::storage {
namespace {

constexpr std::size_t kMaxSubjectLength = 4096;

Error at_change(Error error, std::size_t index) {
    error.where =
        "changes[" + std::to_string(index) + "]" + (error.where.empty() ? "" : "." + error.where);
    return error;
}

class Parser {
  public:
    Parser(const Dialect& dialect, const Schema& schema, ChangeList& out)
        : dialect_(dialect), schema_(schema), out_(out) {}

    Result<Change> change(const boost::json::value& value, std::string_view raw) {
        const auto* object = value.if_object();
        if (object == nullptr) return invalid("", "a change is an object");
        const auto op = text_member(*object, "op");
        if (op == "event") return event(*object, raw);
        if (op == "inbox") return inbox(*object);
        RecordChange change;
        auto collection = named_collection(schema_, *object);
        if (op != "insert" && op != "update" && op != "delete") {
            return invalid("op", "unknown op \"" + std::string(op) +
                                     "\"; known: insert, update, delete, event, inbox");
        }
        if (!collection) return std::unexpected(collection.error());
        change.collection = std::move(*collection);
        ++out_.fallible;
        if (op == "insert") return insert(std::move(change), *object, raw);
        if (auto read = target(change, *object); !read) return std::unexpected(read.error());
        if (op == "update") return update(std::move(change), *object, raw);
        return remove(std::move(change));
    }

    Result<Change> event(const boost::json::object& object, std::string_view raw) {
        EventChange event;
        event.type = text_member(object, "type");
        event.version = text_member(object, "version");
        event.subject = text_member(object, "subject");
        if (!is_event_type(event.type)) {
            return invalid("type", "an event's type is lower-case words between dots");
        }
        if (event.version.empty()) return invalid("version", "an event needs a \"version\"");
        if (event.subject.empty() || event.subject.size() > kMaxSubjectLength) {
            return invalid("subject", "an event needs a \"subject\" of at most 4096 bytes");
        }
        if (auto read = payload(event, object, raw); !read) return std::unexpected(read.error());
        return event;
    }

  private:
    Result<void> payload(EventChange& event, const boost::json::object& object,
                         std::string_view raw) {
        const auto* data = object.if_contains("data");
        if (const auto* record = object.if_contains("record")) {
            if (data != nullptr)
                return invalid("data", "\"data\" and \"record\" exclude each other");
            if (!record->is_int64() || record->get_int64() < 0) {
                return invalid("record", "\"record\" is the position of a change of this list");
            }
            event.record = static_cast<std::size_t>(record->get_int64());
        } else {
            if (data == nullptr || !data->is_object()) {
                return invalid("data", "an event needs \"data\", an object");
            }
            event.data = keep(*data, raw_member(raw, "data"));
        }
        const auto* changes = object.if_contains("changes");
        if (changes == nullptr || changes->is_null()) return {};
        if (!changes->is_object()) return invalid("changes", "\"changes\" is an object");
        event.changes = keep(*changes, raw_member(raw, "changes"));
        return {};
    }

    Result<Change> inbox(const boost::json::object& object) {
        InboxChange inbox{text_member(object, "consumer"), text_member(object, "event_id")};
        if (inbox.consumer.empty()) return invalid("consumer", "the inbox needs a \"consumer\"");
        if (inbox.event_id.empty()) return invalid("event_id", "the inbox needs an \"event_id\"");
        ++out_.fallible;
        return inbox;
    }

    Result<void> target(RecordChange& change, const boost::json::object& object) {
        const auto* id = object.if_contains("id");
        if (id == nullptr || !id->is_int64()) return invalid("id", "an id is an integer");
        change.id = id->get_int64();
        const auto* version = object.if_contains("version");
        if (version == nullptr || version->is_null()) return {};
        if (!version->is_int64()) return invalid("version", "a version is an integer");
        change.version = version->get_int64();
        return {};
    }

    Result<void> fields(RecordChange& change, const boost::json::object& object,
                        std::string_view member, std::string_view raw) {
        const auto* given = object.if_contains(member);
        if (given == nullptr || !given->is_object()) {
            return invalid(member, "\"" + std::string(member) + "\" is an object");
        }
        change.fields.reserve(given->get_object().size());
        std::string_view text;
        for (const auto& [key, value] : given->get_object()) {
            const std::string_view name(key.data(), key.size());
            const auto position = change.collection->find(name);
            if (!position || !change.collection->columns()[*position].declared) {
                return invalid(name, "the collection \"" + change.collection->name() +
                                         "\" has no field \"" + std::string(name) +
                                         "\" that can be set");
            }
            const Column& column = change.collection->columns()[*position];
            std::string_view slice;
            if (column.type == FieldType::kJson) {
                if (text.empty()) text = raw_member(raw, member);
                slice = raw_member(text, name);
            }
            auto converted = column_value(column, value, slice, out_.kept);
            if (!converted) return std::unexpected(converted.error());
            change.fields.emplace_back(*position, *converted);
        }
        return {};
    }

    Result<Change> insert(RecordChange change, const boost::json::object& object,
                          std::string_view raw) {
        change.kind = RecordChange::Kind::kInsert;
        if (auto read = fields(change, object, "record", raw); !read) {
            return std::unexpected(read.error());
        }
        // Every field is written, so that one statement serves all inserts of a collection.
        const auto columns = change.collection->columns();
        std::vector<Value> values(columns.size());
        for (std::size_t i = 0; i < columns.size(); ++i)
            values[i] = columns[i].default_as_value();
        for (const auto& [position, value] : change.fields)
            values[position] = value;
        change.fields.clear();
        SqlBuilder sql(dialect_);
        sql.sql("INSERT INTO ").name(change.collection->table()).sql(" (");
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (columns[i].declared) sql.name(columns[i].name).sql(", ");
        }
        sql.sql("\"created_at\", \"updated_at\", \"version\") VALUES (");
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (!columns[i].declared) continue;
            sql.value(values[i]).sql(", ");
            change.fields.emplace_back(i, values[i]);
        }
        sql.value(Now{}).sql(", ").value(Now{}).sql(", 1)").sql(dialect_.unless_in_use());
        sql.sql(" RETURNING ");
        sql.sql(change.collection->column_list());
        change.statement = sql.take();
        return change;
    }

    Result<Change> update(RecordChange change, const boost::json::object& object,
                          std::string_view raw) {
        change.kind = RecordChange::Kind::kUpdate;
        if (auto read = fields(change, object, "set", raw); !read) {
            return std::unexpected(read.error());
        }
        SqlBuilder sql(dialect_);
        sql.sql("UPDATE ").name(change.collection->table()).sql(" SET ");
        for (const auto& [position, value] : change.fields) {
            sql.name(change.collection->columns()[position].name).sql(" = ").value(value).sql(", ");
        }
        sql.sql("\"updated_at\" = ").sql(dialect_.greatest()).sql("(\"updated_at\", ");
        sql.value(Now{}).sql("), \"version\" = \"version\" + 1");
        add_target(sql, change);
        if (dialect_.updates_return()) {
            sql.sql(" RETURNING ").sql(change.collection->column_list());
        }
        change.statement = sql.take();
        return change;
    }

    Result<Change> remove(RecordChange change) {
        change.kind = RecordChange::Kind::kDelete;
        SqlBuilder sql(dialect_);
        sql.sql("DELETE FROM ").name(change.collection->table());
        add_target(sql, change);
        sql.sql(" RETURNING ").sql(change.collection->column_list());
        change.statement = sql.take();
        return change;
    }

    static void add_target(SqlBuilder& sql, const RecordChange& change) {
        sql.sql(" WHERE \"id\" = ").value(change.id);
        if (change.version) sql.sql(" AND \"version\" = ").value(*change.version);
    }

    std::string_view keep(const boost::json::value& value, std::string_view raw) {
        return out_.kept.emplace_back(raw.empty() ? boost::json::serialize(value) : compact(raw));
    }

    const Dialect& dialect_;
    const Schema& schema_;
    ChangeList& out_;
};

// Events may name changes that come later in the list, so this waits until all are read.
Result<void> check_references(const ChangeList& list) {
    for (std::size_t i = 0; i < list.changes.size(); ++i) {
        const auto* event = std::get_if<EventChange>(&list.changes[i]);
        if (event == nullptr || !event->record) continue;
        if (*event->record >= list.changes.size() ||
            !std::holds_alternative<RecordChange>(list.changes[*event->record])) {
            return std::unexpected(
                at_change(field_error(Code::kInvalidArgument, "record", "invalid",
                                      "\"record\" names no insert, update or delete of this list"),
                          i));
        }
    }
    return {};
}

Result<const boost::json::array*> list_member(const boost::json::object& request,
                                              std::string_view name) {
    const auto* list = request.if_contains(name);
    if (list == nullptr || !list->is_array() || list->get_array().empty()) {
        return invalid(name, "\"" + std::string(name) + "\" is a list with at least one element");
    }
    if (list->get_array().size() > kMaxChanges) {
        return invalid(name, "at most 10000 changes at once");
    }
    return &list->get_array();
}

}  // namespace

Result<ChangeList> parse_changes(const Dialect& dialect, const Schema& schema,
                                 const Document& request) {
    const auto list = list_member(request.root(), "changes");
    if (!list) return std::unexpected(list.error());
    ChangeList out;
    out.changes.reserve((*list)->size());
    Parser parser(dialect, schema, out);
    auto raw = RawItems::of_member(request.text(), "changes");
    for (std::size_t i = 0; i < (*list)->size(); ++i) {
        raw.next();
        auto change = parser.change((**list)[i], raw.value());
        if (!change) return std::unexpected(at_change(change.error(), i));
        out.changes.push_back(std::move(*change));
    }
    if (auto checked = check_references(out); !checked) return std::unexpected(checked.error());
    return out;
}

Result<ChangeList> parse_events(const Dialect& dialect, const Document& request) {
    const auto list = list_member(request.root(), "events");
    if (!list) return std::unexpected(list.error());
    ChangeList out;
    out.changes.reserve((*list)->size());
    const Schema no_collections;
    Parser parser(dialect, no_collections, out);
    auto raw = RawItems::of_member(request.text(), "events");
    for (std::size_t i = 0; i < (*list)->size(); ++i) {
        raw.next();
        const auto* object = (**list)[i].if_object();
        if (object == nullptr) return invalid("events", "an event is an object");
        if (object->contains("record")) return invalid("record", "\"append\" changes no record");
        auto event = parser.event(*object, raw.value());
        if (!event) return std::unexpected(event.error());
        out.changes.push_back(std::move(*event));
    }
    return out;
}

}  // namespace streamwall::storage
