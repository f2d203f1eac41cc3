#include "array_column.hpp"

namespace streamwall::postgres {

using storage::FieldType;

std::string_view ArrayColumn::cast(FieldType type) {
    switch (element_of(type)) {
        case ArrayValue::Element::kText:
            return "::text[]";
        case ArrayValue::Element::kDouble:
            return "::double precision[]";
        case ArrayValue::Element::kBigint:
            break;
    }
    return "::bigint[]";
}

std::string ArrayColumn::element(std::string name, FieldType type) {
    if (type == FieldType::kBoolean) name += " <> 0";
    return name;
}

ArrayValue::Element ArrayColumn::element_of(FieldType type) {
    if (type == FieldType::kText || type == FieldType::kJson) return ArrayValue::Element::kText;
    return type == FieldType::kReal ? ArrayValue::Element::kDouble : ArrayValue::Element::kBigint;
}

}  // namespace streamwall::postgres
