// Operations on a text, and how two that were made at the same time become one history.
//
// Semantics and JSON are those of ShareDB's ot-text-unicode: an operation is a list of components
// that walk through the text from its beginning,
//
//   5             leave 5 code points as they are
//   "text"        insert
//   {"d":3}       delete 3 code points; {"d":"abc"} too, where the text is what is deleted
//
// The rest of the text stays. Positions count Unicode code points, not UTF-16 units: clients in
// JavaScript count with [...text].
//
// Source: https://github.com/ottypes/text-unicode
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::collaboration {

struct TextComponent {
    enum class Kind { kSkip, kInsert, kDelete };
    Kind kind = Kind::kSkip;
    std::size_t length = 0;  // in code points, also of what is inserted
    std::string text = {};   // of an insertion

    bool operator==(const TextComponent&) const = default;
};
// Normalised: no empty component, neighbours of different kinds, no skip at the end.
using TextOp = std::vector<TextComponent>;

inline constexpr std::size_t kMaxComponents = 1'000;

// Nothing where it is no operation.
std::optional<TextOp> parse_text_op(const boost::json::value& from);
boost::json::array to_json(const TextOp& op);

// Code points of valid UTF-8.
std::size_t count_points(std::string_view text);

// Nothing where the operation reaches beyond the text's end.
std::optional<std::string> apply_text_op(std::string_view text, const TextOp& op);

// What `op` becomes where `other`, made on the same text, was applied first. Of two insertions at
// one place that of the left side comes first. The service says left to what clients send it, so a
// client says left to its own operations and right to those that it is sent.
enum class Side { kLeft, kRight };
TextOp transform_text_op(const TextOp& op, const TextOp& other, Side side);

}  // namespace streamwall::collaboration
