// Escaping of tokens, and the subjects made of them.
#include "transport/mesh/subjects.hpp"

#include <fmt/format.h>

namespace streamwall::transport {

std::string escape_token(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (plain)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

Subjects::Subjects(std::string_view prefix)
    : base_(fmt::format("{}.{}.", prefix, kRevision)),
      peers_(base_ + "peers"),
      cancel_(base_ + "cancel"),
      event_(base_ + "event.") {}

std::string Subjects::call(std::string_view service) const {
    std::string out = base_ + "call";
    for (std::size_t from = 0; from <= service.size();) {
        const auto to = std::min(service.find('.', from), service.size());
        out += '.';
        out += escape_token(service.substr(from, to - from));
        from = to + 1;
    }
    return out;
}

}  // namespace streamwall::transport
