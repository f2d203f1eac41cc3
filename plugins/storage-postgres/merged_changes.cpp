#include "merged_changes.hpp"

#include <algorithm>
#include <set>

#include "array_column.hpp"

namespace streamwall::postgres {
namespace {

using storage::FieldType;
using storage::RecordChange;

// Names that no field can have.
constexpr std::string_view kId = "\"@id\"", kVersion = "\"@version\"", kPlace = "\"@place\"";

bool is_alike(const RecordChange& one, const RecordChange& other) {
    return one.kind == other.kind && one.collection == other.collection &&
           one.version.has_value() == other.version.has_value() &&
           std::ranges::equal(
               one.fields, other.fields, {}, [](const auto& f) { return f.first; },
               [](const auto& f) { return f.first; });
}

// A statement about many changes of one shape, whose values are the rows "@new".
class Builder {
  public:
    Builder(std::span<const RecordChange* const> changes, std::int64_t now_ms)
        : changes_(changes), first_(*changes.front()), values_{now_ms} {}

    void add_to(Pipeline& pipeline) {
        if (first_.kind == RecordChange::Kind::kInsert) {
            insert(pipeline);
        } else {
            update(pipeline);
        }
        pipeline.add_made(std::move(sql_), std::move(values_));
    }

  private:
    void update(Pipeline& pipeline) {
        sql_ = "UPDATE " + table() + " AS \"@old\" SET ";
        for (std::size_t i = 0; i < first_.fields.size(); ++i)
            sql_ += name_of(i) + " = " + given(i) + ", ";
        sql_ +=
            "\"updated_at\" = greatest(\"@old\".\"updated_at\", $1),"
            " \"version\" = \"@old\".\"version\" + 1 FROM ";
        std::string names;
        const auto column = [&](std::string_view name, auto read) {
            ArrayColumn values(FieldType::kInteger);
            for (const auto* change : changes_)
                values.add(storage::Value(read(*change)));
            add_array(pipeline, names, name, FieldType::kInteger, std::move(values));
        };
        column(kId, [](const RecordChange& change) { return change.id; });
        if (first_.version) {
            column(kVersion, [](const RecordChange& change) { return *change.version; });
        }
        add_fields(pipeline, names);
        sql_ += rows(names) + " WHERE \"@old\".\"id\" = \"@new\"." + std::string(kId);
        if (first_.version) {
            sql_ += " AND \"@old\".\"version\" = \"@new\"." + std::string(kVersion);
        }
        sql_ += " RETURNING " + first_.collection->column_list() + ", " + std::string(kPlace);
    }

    // The ids are drawn before, so that it is known which row is whose.
    void insert(Pipeline& pipeline) {
        std::string names;
        std::string fields;
        std::string picked;
        for (std::size_t i = 0; i < first_.fields.size(); ++i) {
            fields += name_of(i) + ", ";
            picked += given(i) + ", ";
        }
        add_fields(pipeline, names);
        std::string counter;
        storage::append_literal(counter, table());
        sql_ = "WITH \"@new\" AS MATERIALIZED (SELECT nextval((SELECT pg_get_serial_sequence(" +
               counter + ", 'id')::regclass)) AS " + std::string(kId) + ", \"@new\".* FROM " +
               rows(names) + "), \"@made\" AS (INSERT INTO " + table() + " (" + fields +
               "\"id\", \"created_at\", \"updated_at\", \"version\") SELECT " + picked +
               std::string(kId) + ", $1::bigint, $1::bigint, 1 FROM \"@new\" ORDER BY " +
               std::string(kPlace) + " ON CONFLICT DO NOTHING RETURNING " +
               first_.collection->column_list() + ") SELECT \"@made\".*, " + std::string(kPlace) +
               " FROM \"@made\" JOIN \"@new\" ON \"@made\".\"id\" = " + std::string(kId);
    }

    void add_fields(Pipeline& pipeline, std::string& names) {
        for (std::size_t i = 0; i < first_.fields.size(); ++i) {
            const auto type = first_.collection->columns()[first_.fields[i].first].type;
            ArrayColumn values(type);
            for (const auto* change : changes_)
                values.add(change->fields[i].second);
            add_array(pipeline, names, "\"@" + std::to_string(i) + '"', type, std::move(values));
        }
    }

    void add_array(Pipeline& pipeline, std::string& names, std::string_view name, FieldType type,
                   ArrayColumn values) {
        names.append(name).append(", ");
        values_.emplace_back(pipeline.keep(values.take()));
        arrays_ += arrays_.empty() ? "$" : ", $";
        arrays_.append(std::to_string(values_.size())).append(ArrayColumn::cast(type));
    }

    std::string rows(const std::string& names) const {
        return "unnest(" + arrays_ + ") WITH ORDINALITY AS \"@new\" (" + names +
               std::string(kPlace) + ")";
    }

    std::string name_of(std::size_t field) const {
        return storage::quoted_identifier(
            first_.collection->columns()[first_.fields[field].first].name);
    }
    std::string given(std::size_t field) const {
        const auto type = first_.collection->columns()[first_.fields[field].first].type;
        return ArrayColumn::element("\"@" + std::to_string(field) + '"', type);
    }
    std::string table() const { return storage::quoted_identifier(first_.collection->table()); }

    const std::span<const RecordChange* const> changes_;
    const RecordChange& first_;
    std::string sql_;
    std::string arrays_;
    std::vector<storage::Value> values_;  // the time, then the arrays
};

}  // namespace

SoleChange sole_change(const ApplyRequest& request) {
    const auto& list = request.list();
    if (list.fallible != 1) return {};
    for (std::size_t i = 0; i < list.changes.size(); ++i) {
        if (const auto* record = std::get_if<RecordChange>(&list.changes[i])) return {record, i};
    }
    return {};
}

std::vector<std::vector<std::size_t>> find_mergeable(std::span<ApplyRequest* const> requests) {
    std::vector<std::vector<std::size_t>> groups;
    std::set<std::pair<std::string_view, std::int64_t>> touched;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        bool is_first = true;
        for (const auto& change : requests[i]->list().changes) {
            const auto* record = std::get_if<RecordChange>(&change);
            if (record == nullptr || record->kind == RecordChange::Kind::kInsert) continue;
            is_first = touched.emplace(record->collection->name(), record->id).second && is_first;
        }
        const auto* change = sole_change(*requests[i]).change;
        if (change == nullptr || !is_first || change->kind == RecordChange::Kind::kDelete) continue;
        const auto group = std::ranges::find_if(groups, [&](const auto& each) {
            return is_alike(*sole_change(*requests[each.front()]).change, *change);
        });
        if (group == groups.end()) {
            groups.push_back({i});
        } else {
            group->push_back(i);
        }
    }
    std::erase_if(groups, [](const auto& group) { return group.size() < 2; });
    // Rows are locked in this order by all instances.
    for (auto& group : groups) {
        std::ranges::sort(group, {}, [&](std::size_t request) {
            return std::pair(sole_change(*requests[request]).change->id, request);
        });
    }
    return groups;
}

void add_merged(Pipeline& pipeline, std::span<const RecordChange* const> changes,
                std::int64_t now_ms) {
    Builder(changes, now_ms).add_to(pipeline);
}

}  // namespace streamwall::postgres
