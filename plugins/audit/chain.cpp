#include "chain.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <vector>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;

// A store may give the members of a JSON value back in another order.
bj::value sorted(const bj::value& value) {
    if (const auto* list = value.if_array()) {
        bj::array out;
        for (const auto& item : *list)
            out.push_back(sorted(item));
        return out;
    }
    const auto* object = value.if_object();
    if (object == nullptr) return value;
    std::vector<std::string_view> names;
    for (const auto& member : *object)
        names.push_back(member.key());
    std::ranges::sort(names);
    bj::object out;
    for (const auto name : names)
        out[name] = sorted(object->at(name));
    return out;
}

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("OpenSSL made no SHA-256");
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    for (const auto byte : std::span(digest).first(size)) {
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

}  // namespace

std::string hash_of(std::string_view previous, const bj::object& entry) {
    bj::array fields;
    for (const auto name : kHashed)
        fields.push_back(sorted(entry.at(name)));
    return sha256_hex(std::string(previous) + "\n" + bj::serialize(fields));
}

}  // namespace streamwall::audit
