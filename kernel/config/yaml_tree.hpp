// A YAML document as a tree that remembers where everything stood.
#pragma once

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/source.hpp"

namespace streamwall::config {

struct Entry;

// A value. Plain data: copy and change it freely.
struct Node {
    enum class Kind {
        kNull,
        kScalar,
        kSequence,
        kMapping,
        kUnreadable,  // a mistake stood here and has been reported: checks stay silent about it
    };

    Kind kind = Kind::kNull;
    std::string text;          // kScalar
    bool quoted = false;       // kScalar: written in quotes or as a block, so it is a string
    bool substituted = false;  // kScalar: holds a value from outside, so its type is open
    bool secret = false;       // never to be printed
    Position position;
    std::vector<Position> markers;  // kScalar: where each "${" of `text` stands
    std::vector<Node> items;        // kSequence
    std::vector<Entry> entries;     // kMapping, in the order of the file

    [[nodiscard]] bool is_mapping() const { return kind == Kind::kMapping; }
    [[nodiscard]] bool is_sequence() const { return kind == Kind::kSequence; }
    [[nodiscard]] bool is_scalar() const { return kind == Kind::kScalar; }

    [[nodiscard]] const Node* find(std::string_view key) const;
    [[nodiscard]] const Entry* find_entry(std::string_view key) const;
};

struct Entry {
    std::string key;
    Position key_position;
    Node value;
};

struct Document {
    std::string file;
    Node root;
    Diagnostics diagnostics;  // sorted; the tree holds what could be read despite them
};

// Never throws on bad text; bounded in time and memory for any input (text_checks.hpp). One
// mistake does not hide the others: what cannot be read is cut out and the rest is read again.
Document parse_yaml(std::string_view text, std::string file);

// The scalar as YAML's core schema reads it (true, null, 12, 1.5, text); used where no schema says
// better. Mappings and sequences become objects and arrays.
boost::json::value to_json(const Node& node);
boost::json::value scalar_to_json(const Node& scalar);

}  // namespace streamwall::config
