// The chain: each entry's hash covers the entry and the hash of the one before it.
//
// An entry is one line of JSON, `{"id":N,…,"hash":"…"}`. Its hash is the SHA-256 of the previous
// hash, a line feed, and the line up to the comma before `hash`. The first entry's previous hash is
// empty. Lines are kept as they were hashed, many to a page: one record of the store for all that
// was written together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::audit {

inline constexpr std::string_view kPages = "audit_pages";
inline constexpr std::string_view kIndex = "audit_index";
inline constexpr std::string_view kHeads = "audit_heads";
inline constexpr std::string_view kByName = "name";
inline constexpr std::string_view kHead = "head";

// The request of `store.declare`. The index holds, for each page, what its entries are found by
// (page_index.hpp), so that a search reads no page it does not show. The head knows the last entry,
// and of each journal the last event that has one.
inline constexpr std::string_view kDeclaration = R"({"collections":[
{"name":"audit_pages","fields":[
  {"name":"first","type":"integer"},{"name":"last","type":"integer"},
  {"name":"entries","type":"text"}],
 "unique":[{"name":"first","fields":["first"]}],"indexes":[]},
{"name":"audit_index","fields":[
  {"name":"first","type":"integer"},{"name":"last","type":"integer"},
  {"name":"from_ms","type":"integer"},{"name":"until_ms","type":"integer"},
  {"name":"epoch","type":"text"},{"name":"highest","type":"integer"},
  {"name":"keys","type":"text"}],
 "unique":[{"name":"first","fields":["first"]}],
 "indexes":[{"name":"read","fields":["epoch","highest"]}]},
{"name":"audit_heads","fields":[
  {"name":"name","type":"text"},{"name":"number","type":"integer"},{"name":"hash","type":"text"},
  {"name":"read","type":"json"}],
 "unique":[{"name":"name","fields":["name"]}],"indexes":[]}]})";

// 64 lower-case hex digits.
std::string hash_of(std::string_view previous, std::string_view text);

// Appends entry `number` to a page: `members` are its members behind `id`, with a comma before
// each. Returns its hash.
std::string append_line(std::string& page, std::int64_t number, std::string_view members,
                        std::string_view previous);

struct Line {
    std::int64_t number = 0;
    std::string_view text;  // what was hashed
    std::string_view hash;
};
// Nothing where `line` is no entry.
std::optional<Line> read_line(std::string_view line);

// Calls `each(line)` for each line of a page.
template <class Each>
void for_each_line(std::string_view page, Each&& each) {
    while (!page.empty()) {
        const auto end = page.find('\n');
        each(page.substr(0, end));
        page = end == page.npos ? std::string_view() : page.substr(end + 1);
    }
}

}  // namespace streamwall::audit
