// Bodies that clients send, as values: what is wrong with them is said field by field.
#pragma once

#include <streamwall/sdk/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::records {

// Collects what is wrong, then makes one error of it.
class FieldErrors {
  public:
    void add(std::string_view field, std::string_view code, std::string_view message);
    bool any() const { return !list_.empty(); }
    // INVALID_ARGUMENT with details.errors.
    Error error() const;

  private:
    boost::json::array list_;
};

// The body inside a request ({"body":{…},"strict":bool}), strictly parsed; a body nested under
// `wrapper` is taken out. INVALID_ARGUMENT with details.code "malformed_json" where it is none.
Result<boost::json::object> read_body(std::string_view request, std::string_view wrapper);

// Adds an error for every member that is not in `known`, where the request is strict.
void refuse_unknown(const boost::json::object& body, std::string_view request,
                    std::initializer_list<std::string_view> known, FieldErrors& errors);

// The member, where it is there; null counts as absent.
const boost::json::value* find_given(const boost::json::object& body, std::string_view name);

// A member that must have the type where it is there; null counts as absent.
std::optional<std::string> read_text(const boost::json::object& body, std::string_view name,
                                     std::size_t max_characters, FieldErrors& errors);
std::optional<bool> read_flag(const boost::json::object& body, std::string_view name,
                              FieldErrors& errors);
// One of `words`, in any case; lower case comes back.
std::optional<std::string> read_word(const boost::json::object& body, std::string_view name,
                                     std::initializer_list<std::string_view> words,
                                     FieldErrors& errors);

}  // namespace streamwall::records
