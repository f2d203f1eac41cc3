#include "chain.hpp"

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <memory>
#include <span>
#include <stdexcept>

namespace streamwall::audit {
namespace {

constexpr std::string_view kId = R"({"id":)";
constexpr std::string_view kHash = R"(,"hash":")";
constexpr std::string_view kEnd = R"("})";
constexpr std::size_t kHashSize = 64;

struct Free {
    void operator()(EVP_MD* kind) const { EVP_MD_free(kind); }
    void operator()(EVP_MD_CTX* state) const { EVP_MD_CTX_free(state); }
};

// What finding the function and making its state takes is more than hashing an entry.
class Sha256 {
  public:
    std::string hex(std::initializer_list<std::string_view> parts) {
        bool ok = kind_ && state_ && EVP_DigestInit_ex2(state_.get(), kind_.get(), nullptr) == 1;
        for (const auto part : parts)
            ok = ok && EVP_DigestUpdate(state_.get(), part.data(), part.size()) == 1;
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned int size = 0;
        if (!ok || EVP_DigestFinal_ex(state_.get(), digest.data(), &size) != 1) {
            throw std::runtime_error("OpenSSL made no SHA-256");
        }
        constexpr std::string_view kHex = "0123456789abcdef";
        std::string out;
        out.reserve(kHashSize);
        for (const auto byte : std::span(digest).first(size)) {
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
        return out;
    }

  private:
    std::unique_ptr<EVP_MD, Free> kind_{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
    std::unique_ptr<EVP_MD_CTX, Free> state_{EVP_MD_CTX_new()};
};

}  // namespace

std::string hash_of(std::string_view previous, std::string_view text) {
    thread_local Sha256 sha256;
    return sha256.hex({previous, "\n", text});
}

std::string append_line(std::string& page, std::int64_t number, std::string_view members,
                        std::string_view previous) {
    if (!page.empty()) page += '\n';
    const auto begin = page.size();
    page += kId;
    page += std::to_string(number);
    page += members;
    auto hash = hash_of(previous, std::string_view(page).substr(begin));
    page += kHash;
    page += hash;
    page += kEnd;
    return hash;
}

std::optional<Line> read_line(std::string_view line) {
    constexpr auto kTail = kHash.size() + kHashSize + kEnd.size();
    if (line.size() < kId.size() + kTail || !line.starts_with(kId) || !line.ends_with(kEnd)) {
        return std::nullopt;
    }
    const auto text = line.substr(0, line.size() - kTail);
    if (!line.substr(text.size()).starts_with(kHash)) return std::nullopt;
    Line out{.text = text, .hash = line.substr(text.size() + kHash.size(), kHashSize)};
    const auto read =
        std::from_chars(text.data() + kId.size(), text.data() + text.size(), out.number);
    if (read.ec != std::errc{} || out.number < 1) return std::nullopt;
    return out;
}

}  // namespace streamwall::audit
