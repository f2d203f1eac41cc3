#include "openers.hpp"

#include <utility>

namespace streamwall::http_server {

// Beside its value an entry has a link and a hash, and a place in the table.
std::int64_t Openers::size_of(const Users::value_type& entry) {
    const auto& token = entry.first.token;
    const auto text = token.capacity() > std::string().capacity() ? token.capacity() + 1 : 0;
    return static_cast<std::int64_t>(sizeof entry + 3 * sizeof(void*) + text);
}

const Opener* Openers::take(Opener opener) {
    const auto [place, is_new] = users_.try_emplace(std::move(opener), 0);
    ++place->second;
    if (is_new) bytes_ += size_of(*place);
    return &place->first;
}

void Openers::leave(const Opener* opener) {
    const auto place = users_.find(*opener);
    if (--place->second > 0) return;
    bytes_ -= size_of(*place);
    users_.erase(place);
}

}  // namespace streamwall::http_server
