// SubjectTable: who wants which subjects, for the broker. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamwall::transport {

struct Subscriber {
    std::uint64_t client = 0;  // of the broker; 0 is the process it lives in
    std::uint64_t id = 0;      // the client's own
    std::string pattern, group;
    std::size_t turn = 0;  // the table's own: whose turn it is among those that begin with this one
};

class SubjectTable {
  public:
    void add(Subscriber subscriber);
    void remove(std::uint64_t client, std::uint64_t id);
    void remove_all(std::uint64_t client);
    std::size_t count(std::uint64_t client) const;

    // Whom a message of `from` goes to: everybody without a group and one of each group, in turn;
    // never to `from` itself. Valid until the table changes.
    std::vector<const Subscriber*> everybody(std::uint64_t from, std::string_view subject);
    // One of them, in turn; nullptr where there is none.
    const Subscriber* anybody(std::uint64_t from, std::string_view subject);

  private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::vector<Subscriber*> matching(std::uint64_t from, std::string_view subject);
    void erase_if(const auto& is_gone);

    // Most subjects are named in full; only the others have to be looked at one by one.
    std::unordered_map<std::string, std::vector<Subscriber>, Hash, std::equal_to<>> exact_;
    std::vector<Subscriber> wildcards_;
    std::map<std::uint64_t, std::size_t> counts_;
};

}  // namespace streamwall::transport
