#include "key_ring.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace streamwall::accounts {
namespace {

namespace bj = boost::json;

constexpr std::size_t kSeedBytes = 32;
constexpr std::size_t kIdSize = 16;
constexpr std::size_t kMaxFile = 64 * 1024;

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

std::unexpected<std::string> failure(const std::string& path) {
    return std::unexpected(path + ": " + std::strerror(errno));
}

std::expected<KeyRing, std::string> read_ring(int descriptor, const std::string& path) {
    struct stat info{};
    if (::fstat(descriptor, &info) != 0) return failure(path);
    if ((info.st_mode & 077) != 0) {
        return std::unexpected(path + " can be read by others; chmod 600 it");
    }
    std::string text;
    std::array<char, 4096> part{};
    for (;;) {
        const auto count = ::read(descriptor, part.data(), part.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure(path);
        if (count == 0) break;
        text.append(part.data(), static_cast<std::size_t>(count));
        if (text.size() > kMaxFile) break;
    }
    auto ring = KeyRing::parse(text);
    if (!ring) return std::unexpected(path + ": " + ring.error());
    return ring;
}

// Writes a draft beside `path`; its name.
std::expected<std::string, std::string> write_draft(const std::string& path, const KeyRing& ring) {
    auto draft = path + "." + std::to_string(::getpid());
    ::unlink(draft.c_str());
    const Descriptor file{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (file.number < 0) return failure(draft);
    const auto text = ring.render() + "\n";
    if (::write(file.number, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.number) != 0) {
        auto why = failure(draft);
        ::unlink(draft.c_str());
        return why;
    }
    return draft;
}

}  // namespace

KeyRing KeyRing::make(Seconds now) {
    KeyRing out;
    out.add(now, crypto::random_bytes(kSeedBytes));
    return out;
}

void KeyRing::add(Seconds made_at, std::string_view seed) {
    auto pair = crypto::key_pair_of(seed);
    auto id = crypto::sha256_hex(pair.public_key).substr(0, kIdSize);
    keys_.push_back({.id = std::move(id), .made_at = made_at, .pair = std::move(pair)});
}

std::expected<KeyRing, std::string> KeyRing::parse(std::string_view text) {
    boost::system::error_code failed;
    const auto value = bj::parse(text, failed);
    const auto* object = failed ? nullptr : value.if_object();
    const auto* list = object ? object->if_contains("keys") : nullptr;
    if (list == nullptr || !list->is_array() || list->get_array().empty()) {
        return std::unexpected("holds no keys");
    }
    KeyRing out;
    for (const auto& item : list->get_array()) {
        const auto* key = item.if_object();
        const auto* made_at = key ? key->if_contains("created_at") : nullptr;
        const auto* seed = key ? key->if_contains("seed") : nullptr;
        if (!made_at || !made_at->is_int64() || !seed || !seed->is_string()) {
            return std::unexpected("a key needs created_at and seed");
        }
        const auto decoded = crypto::from_base64url(seed->get_string());
        if (!decoded || decoded->size() != kSeedBytes) {
            return std::unexpected("a seed is 32 bytes in base64url");
        }
        out.add(Seconds(made_at->get_int64()), *decoded);
    }
    std::ranges::sort(out.keys_, {}, &SigningKey::made_at);
    return out;
}

std::string KeyRing::render() const {
    bj::array list;
    for (const auto& key : keys_) {
        list.push_back(
            {{"created_at", key.made_at.count()}, {"seed", crypto::to_base64url(key.pair.seed)}});
    }
    return bj::serialize(bj::object{{"keys", std::move(list)}});
}

const SigningKey* KeyRing::find(std::string_view id) const {
    const auto found = std::ranges::find(keys_, id, &SigningKey::id);
    return found == keys_.end() ? nullptr : &*found;
}

bool KeyRing::rotate(Seconds now, Seconds period, Seconds lifetime) {
    const bool is_due = current().made_at + period <= now;
    if (is_due) add(now, crypto::random_bytes(kSeedBytes));
    std::size_t ended = 0;
    while (ended + 1 < keys_.size() && keys_[ended + 1].made_at + lifetime < now)
        ++ended;
    keys_.erase(keys_.begin(), keys_.begin() + static_cast<std::ptrdiff_t>(ended));
    return is_due || ended > 0;
}

std::string KeyRing::public_set() const {
    bj::array list;
    for (const auto& key : keys_) {
        list.push_back({{"kty", "OKP"},
                        {"crv", "Ed25519"},
                        {"use", "sig"},
                        {"alg", "EdDSA"},
                        {"kid", key.id},
                        {"x", crypto::to_base64url(key.pair.public_key)}});
    }
    return bj::serialize(bj::object{{"keys", std::move(list)}});
}

std::expected<KeyRing, std::string> load_or_make_ring(const std::string& path, Seconds now) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (file.number >= 0) return read_ring(file.number, path);
    if (errno != ENOENT) return failure(path);
    const auto draft = write_draft(path, KeyRing::make(now));
    if (!draft) return std::unexpected(draft.error());
    // A link, not a rename: where another process was first, its ring counts.
    const bool is_made = ::link(draft->c_str(), path.c_str()) == 0 || errno == EEXIST;
    const auto why = is_made ? std::string() : failure(path).error();
    ::unlink(draft->c_str());
    if (!is_made) return std::unexpected(why);
    const Descriptor made{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (made.number < 0) return failure(path);
    return read_ring(made.number, path);
}

std::expected<void, std::string> save_ring(const std::string& path, const KeyRing& ring) {
    const auto draft = write_draft(path, ring);
    if (!draft) return std::unexpected(draft.error());
    if (::rename(draft->c_str(), path.c_str()) == 0) return {};
    auto why = failure(path);
    ::unlink(draft->c_str());
    return why;
}

}  // namespace streamwall::accounts
