#include "storage-sql/record.hpp"

#include "storage-sql/json_text.hpp"
#include "storage-sql/time_text.hpp"

namespace streamwall::storage {

void append_record(std::string& out, const Collection& collection, const Row& row) {
    std::size_t i = 0;
    for (const Column& column : collection.columns()) {
        out += column.rendered_key;
        const std::size_t at = i++;
        if (row.is_null(at)) {
            out += "null";
            continue;
        }
        switch (column.type) {
            case FieldType::kInteger:
                append_integer(out, row.integer(at));
                break;
            case FieldType::kReal:
                append_real(out, row.real(at));
                break;
            case FieldType::kText:
                append_json_string(out, row.text(at));
                break;
            case FieldType::kBoolean:
                out += row.integer(at) != 0 ? "true" : "false";
                break;
            case FieldType::kJson:
                out += row.text(at);
                break;
            case FieldType::kTime:
                out += '"';
                append_time(out, row.integer(at));
                out += '"';
                break;
        }
    }
    out += '}';
}

}  // namespace streamwall::storage
