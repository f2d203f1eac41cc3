// Whatever comes as an operation, and in whatever order operations are made and arrive: all texts
// are the same in the end. A JSON array holds two operations on one text; any other input chooses
// what clients type and when it arrives where.
#include "testing/text_schedule.hpp"
#include "text_op.hpp"

#include <streamwall/sdk/json.hpp>

#include <cstdlib>
#include <string_view>

namespace streamwall::collaboration {

namespace {

constexpr std::string_view kText = "Größe \xF0\x9F\x98\x80 and more of it";

class Bytes {
  public:
    explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
    bool at_end() const { return bytes_.empty(); }
    std::size_t below(std::size_t limit) {
        if (bytes_.empty()) return 0;
        const auto byte = static_cast<unsigned char>(bytes_.front());
        bytes_.remove_prefix(1);
        return byte % limit;
    }

  private:
    std::string_view bytes_;
};

void require(bool holds) {
    if (!holds) std::abort();
}

void try_pair(const boost::json::array& pair) {
    if (pair.size() != 2) return;
    const auto first = parse_text_op(pair[0]);
    const auto second = parse_text_op(pair[1]);
    if (!first || !second) return;
    require(parse_text_op(to_json(*first)) == first);
    const auto one = apply_text_op(kText, *first);
    const auto two = apply_text_op(kText, *second);
    if (!one || !two) return;
    const auto left = apply_text_op(*two, transform_text_op(*first, *second, Side::kLeft));
    const auto right = apply_text_op(*one, transform_text_op(*second, *first, Side::kRight));
    require(left && left == right);
}

void try_schedule(std::string_view input) {
    Bytes bytes(input);
    testing::TextSchedule schedule(std::string(kText), 2 + bytes.below(3));
    while (!bytes.at_end())
        schedule.turn(bytes);
    require(schedule.settle());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (!input.starts_with('[')) {
        try_schedule(input);
    } else if (const auto parsed = json::parse_strict(input); parsed && parsed->is_array()) {
        try_pair(parsed->get_array());
    }
    return 0;
}

}  // namespace streamwall::collaboration
