#include "auth.hpp"

#include "request_head.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace streamwall::http_server {
namespace {

constexpr std::string_view kEveryScope =
    "streams:read streams:write status:write lists:read events:read admin";

std::system_error failure(const std::string& what) {
    return {errno, std::generic_category(), what};
}

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

std::string make_key() {
    std::array<unsigned char, 32> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
        throw std::runtime_error("no random numbers to make a key of");
    }
    std::array<unsigned char, 45> encoded{};
    const int length =
        EVP_EncodeBlock(encoded.data(), random.data(), static_cast<int>(random.size()));
    std::string key(reinterpret_cast<const char*>(encoded.data()),
                    static_cast<std::size_t>(length));
    std::replace(key.begin(), key.end(), '+', '-');
    std::replace(key.begin(), key.end(), '/', '_');
    key.erase(key.find_last_not_of('=') + 1);
    return "sw_" + key;
}

std::string read_key(int descriptor, const std::string& path) {
    struct stat info{};
    if (::fstat(descriptor, &info) != 0) throw failure(path);
    if ((info.st_mode & 077) != 0) {
        throw std::runtime_error(path + " can be read by others; chmod 600 it");
    }
    std::array<char, 512> bytes{};
    const auto count = ::read(descriptor, bytes.data(), bytes.size());
    if (count < 0) throw failure(path);
    std::string key(bytes.data(), static_cast<std::size_t>(count));
    key.erase(key.find_last_not_of(" \t\r\n") + 1);
    if (key.size() < 16)
        throw std::runtime_error(path + " holds no key; remove it to get a new one");
    return key;
}

// Complete before it has its name, so that a crash never leaves half a key. False where another
// process of the machine was first: its key counts.
bool write_key(const std::string& path, const std::string& key) {
    const std::string draft = path + "." + std::to_string(::getpid());
    ::unlink(draft.c_str());
    const Descriptor file{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (file.number < 0) throw failure(draft);
    const std::string line = key + "\n";
    const bool is_written =
        ::write(file.number, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
        ::fsync(file.number) == 0;
    const int linked = is_written ? ::link(draft.c_str(), path.c_str()) : -1;
    const int reason = errno;
    ::unlink(draft.c_str());
    errno = reason;
    if (!is_written || (linked != 0 && reason != EEXIST)) throw failure(path);
    return linked == 0;
}

// RFC 6265 5.4; the first of that name counts.
std::string_view session_cookie(const RequestHead& head) {
    auto rest = head.single("cookie").value_or("");
    while (!rest.empty()) {
        const auto end = rest.find(';');
        const auto pair = trim(rest.substr(0, end));
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
        if (pair.starts_with(kSessionCookie) && pair.substr(kSessionCookie.size()).starts_with('='))
            return pair.substr(kSessionCookie.size() + 1);
    }
    return {};
}

}  // namespace

int Principal::rank() const {
    if (role == "admin") return SW_HTTP_ADMIN;
    if (role == "editor") return SW_HTTP_EDITOR;
    if (role == "viewer") return SW_HTTP_VIEWER;
    return SW_HTTP_OPEN;
}

sw_context Principal::context() const {
    sw_context out{};
    out.size = sizeof out;
    out.principal_type = to_sw(type);
    out.principal_id = to_sw(id);
    out.principal_name = to_sw(name);
    out.role = to_sw(role);
    out.scopes = to_sw(scopes);
    return out;
}

bool Principal::has_scope(std::string_view scope) const {
    auto rest = scopes;
    while (!rest.empty()) {
        const auto end = rest.find(' ');
        if (rest.substr(0, end) == scope) return true;
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return false;
}

TokenDigest digest_of(std::string_view text) {
    // Fetching an algorithm costs more than the hash of a short key.
    struct Hasher {
        std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm{
            EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free};
        std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free};
    };
    thread_local const Hasher hasher;
    TokenDigest digest{};
    unsigned int length = 0;
    if (EVP_DigestInit_ex2(hasher.context.get(), hasher.algorithm.get(), nullptr) != 1 ||
        EVP_DigestUpdate(hasher.context.get(), text.data(), text.size()) != 1 ||
        EVP_DigestFinal_ex(hasher.context.get(), digest.data(), &length) != 1) {
        throw std::runtime_error("SHA-256 is not available");
    }
    return digest;
}

BootstrapKey::BootstrapKey(std::string_view key) : digest_(digest_of(key)) {
    std::copy_n(digest_.begin(), id_.size(), id_.begin());
}

Verdict BootstrapKey::authenticate(std::string_view token) {
    auto principal = find(digest_of(token));
    return principal ? Verdict::valid(std::move(*principal)) : Verdict();
}

std::optional<Principal> BootstrapKey::find(const TokenDigest& digest) const {
    if (CRYPTO_memcmp(digest.data(), digest_.data(), digest_.size()) != 0) return std::nullopt;
    return Principal{.type = "key",
                     .id = "bootstrap",
                     .name = "bootstrap",
                     .role = "admin",
                     .scopes = kEveryScope,
                     .rate_id = id_};
}

std::string load_or_make_key(const std::string& path) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (file.number >= 0) return read_key(file.number, path);
    if (errno != ENOENT) throw failure(path);
    auto key = make_key();
    return write_key(path, key) ? key : load_or_make_key(path);
}

namespace {
// Pages can set no header of a WebSocket but the sub-protocols that they offer.
std::string_view protocol_token(const RequestHead& head) {
    constexpr std::string_view kPrefix = "anycable-token.";
    if (!head.upgrades) return {};
    for (const auto& header : head.headers) {
        if (to_view(header.name) != "sec-websocket-protocol") continue;
        auto rest = to_view(header.value);
        for (std::string_view member; next_in_list(rest, member);) {
            if (member.starts_with(kPrefix)) return member.substr(kPrefix.size());
        }
    }
    return {};
}
}  // namespace

Credential find_credential(const RequestHead& head, bool allow_query) {
    Credential found;
    if (head.count("authorization") > 0) {
        found.present = true;
        const auto value = head.single("authorization").value_or("");
        const auto blank = value.find(' ');
        const auto token =
            blank == std::string_view::npos ? std::string_view{} : trim(value.substr(blank));
        found.malformed = !equals_ignoring_case(value.substr(0, blank), "bearer") ||
                          token.empty() || token.find(' ') != std::string_view::npos;
        if (!found.malformed) found.token = token;
        return found;
    }
    const auto token = allow_query ? query_parameter(head.query, "token") : std::nullopt;
    if (token && !token->empty()) {
        found.present = true;
        found.malformed = !percent_decode(*token, found.token);
        return found;
    }
    if (found.token = protocol_token(head); !found.token.empty()) {
        found.present = true;
        return found;
    }
    found.token = session_cookie(head);
    found.present = found.by_cookie = !found.token.empty();
    return found;
}

std::string csrf_token_of(std::string_view session_token) {
    constexpr char kHex[] = "0123456789abcdef";
    const auto digest = digest_of("streamwall-csrf:" + std::string(session_token));
    std::string out;
    for (std::size_t i = 0; i < 16; ++i) {
        out += kHex[digest[i] >> 4];
        out += kHex[digest[i] & 15];
    }
    return out;
}

}  // namespace streamwall::http_server
