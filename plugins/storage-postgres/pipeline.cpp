#include "pipeline.hpp"

#include <bit>
#include <charconv>
#include <cstring>

namespace streamwall::postgres {
namespace {

void put_at(std::string& bytes, std::size_t at, std::int32_t number) {
    const auto bits = static_cast<std::uint32_t>(number);
    for (int i = 0; i < 4; ++i)
        bytes[at + static_cast<std::size_t>(i)] = static_cast<char>(bits >> (24 - 8 * i));
}

// Flags, element type and length follow the number of dimensions; see array_recv in PostgreSQL.
constexpr std::size_t kFlagsAt = 4;
constexpr std::size_t kCountAt = 12;

}  // namespace

std::int64_t Rows::affected() const {
    std::int64_t count = 0;
    const char* text = PQcmdTuples(result_.get());
    std::from_chars(text, text + std::strlen(text), count);
    return count;
}

bool Rows::is_null(std::size_t column) const {
    return PQgetisnull(result_.get(), row_, static_cast<int>(column)) != 0;
}

std::int64_t Rows::integer(std::size_t column) const {
    const auto digits = text(column);
    if (digits == "t") return 1;
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

double Rows::real(std::size_t column) const {
    const auto digits = text(column);
    double value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

std::string_view Rows::text(std::size_t column) const {
    const int at = static_cast<int>(column);
    return {PQgetvalue(result_.get(), row_, at),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, at))};
}

ArrayValue::ArrayValue(Element element) {
    put(1);  // dimension
    put(0);
    put(static_cast<std::int32_t>(element));
    put(0);
    put(1);  // index of the first element
}

void ArrayValue::put(std::int32_t number) {
    bytes_.resize(bytes_.size() + 4);
    put_at(bytes_, bytes_.size() - 4, number);
}

void ArrayValue::add(std::string_view text) {
    put(static_cast<std::int32_t>(text.size()));
    bytes_ += text;
    ++count_;
}

void ArrayValue::add(std::int64_t integer) {
    put(8);
    put(static_cast<std::int32_t>(integer >> 32));
    put(static_cast<std::int32_t>(integer));
    ++count_;
}

void ArrayValue::add(double real) {
    add(std::bit_cast<std::int64_t>(real));
}

void ArrayValue::add_null() {
    put(-1);
    ++count_;
    has_null_ = true;
}

std::string_view ArrayValue::value() {
    put_at(bytes_, kFlagsAt, has_null_ ? 1 : 0);
    put_at(bytes_, kCountAt, count_);
    return bytes_;
}

}  // namespace streamwall::postgres
