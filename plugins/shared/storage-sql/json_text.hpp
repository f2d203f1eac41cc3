// JSON as text: strict parsing, slices of a checked document, and writing without a tree.
//
// Values that the store only keeps (event data, fields of type json) are never parsed and printed
// again: their text is taken from the request, without the white space between tokens.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage-sql/result.hpp"

namespace streamwall::storage {

inline constexpr std::size_t kMaxJsonDepth = 32;

void append_json_string(std::string& out, std::string_view text);
void append_integer(std::string& out, std::int64_t value);
void append_real(std::string& out, double value);  // finite; shortest text that reads back equal

// A parsed request together with its text. Refuses what the contract refuses: integers outside
// int64, numbers that are not finite, duplicate keys, a depth over 32, U+0000.
class Document {
  public:
    // The root must be an object.
    static Result<std::unique_ptr<Document>> parse(std::string text);

    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;

    const boost::json::object& root() const { return root_.get_object(); }
    std::string_view text() const { return text_; }

  private:
    // The tree that is parsed must have the same memory, or it would be copied into this one.
    explicit Document(std::string text)
        : text_(std::move(text)), memory_(buffer_), root_(&memory_) {}

    std::string text_;
    unsigned char buffer_[2048];
    boost::json::monotonic_resource memory_;
    boost::json::value root_;
};

// Walks the members of an object or the elements of an array in text that a Document has checked.
class RawItems {
  public:
    explicit RawItems(std::string_view container);
    // Those of a container that is a member of `object`, which is not skipped to find its end; none
    // where it is absent.
    static RawItems of_member(std::string_view object, std::string_view key);

    // False at the end. `key` keeps its quotes off and its escapes on; empty for elements.
    bool next();
    std::string_view key() const { return key_; }
    std::string_view value() const { return value_; }

  private:
    bool find_value();
    void take_value();

    const char* at_;
    const char* end_;
    bool object_;
    std::string_view key_;
    std::string_view value_;
};

// The text of a member, or nothing where it is absent.
std::string_view raw_member(std::string_view object, std::string_view key);

// Without the white space between tokens.
std::string compact(std::string_view json);

// The string member, or empty where it is absent or of another type.
std::string_view text_member(const boost::json::object& object, std::string_view key);

}  // namespace streamwall::storage
