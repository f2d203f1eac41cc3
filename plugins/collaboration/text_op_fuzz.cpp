// Whatever text comes as an operation: two of them, on one text, lead to the same in both orders.
#include "text_op.hpp"

#include <streamwall/sdk/json.hpp>

#include <cstdlib>

namespace streamwall::collaboration {

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto parsed = json::parse_strict(input);
    if (!parsed || !parsed->is_array() || parsed->get_array().size() != 2) return 0;
    const auto first = parse_text_op(parsed->get_array()[0]);
    const auto second = parse_text_op(parsed->get_array()[1]);
    if (!first || !second) return 0;
    const std::string text = "Größe \xF0\x9F\x98\x80 and more of it";
    const auto one = apply_text_op(text, *first);
    const auto two = apply_text_op(text, *second);
    if (!one || !two) return 0;
    const auto left = apply_text_op(*two, transform_text_op(*first, *second, Side::kLeft));
    const auto right = apply_text_op(*one, transform_text_op(*second, *first, Side::kRight));
    if (!left || left != right) std::abort();
    if (parse_text_op(to_json(*first)) != first) std::abort();
    return 0;
}

}  // namespace streamwall::collaboration
