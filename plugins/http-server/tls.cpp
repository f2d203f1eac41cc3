#include "tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace streamwall::http_server {
namespace {

constexpr std::size_t kRecord = 16 * 1024;   // RFC 8446 5.1
constexpr std::size_t kAtOnce = 256 * 1024;  // of one connection, before others have their turn

constexpr std::string_view kSpeakTls =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
    "X-Content-Type-Options: nosniff\r\nContent-Length: 120\r\n\r\n"
    R"({"type":"about:blank","title":"Bad Request","status":400,"error":"This port speaks HTTPS only.","code":"https_required"})";

std::string reason_of_last_error() {
    const auto* reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason == nullptr ? "is not usable" : reason;
}

// What one record takes: the first span where it stands, or several short ones copied together.
std::string_view next_record(std::span<const iovec> bytes, std::size_t skip) {
    thread_local std::array<char, kRecord> gathered;
    std::size_t size = 0;
    for (const auto& each : bytes) {
        const std::string_view all(static_cast<const char*>(each.iov_base), each.iov_len);
        if (skip >= all.size()) {
            skip -= all.size();
            continue;
        }
        const auto part = all.substr(std::exchange(skip, 0), kRecord - size);
        if (size == 0 && (part.size() == kRecord || &each == &bytes.back())) return part;
        std::memcpy(gathered.data() + size, part.data(), part.size());
        size += part.size();
        if (size == kRecord) break;
    }
    return {gathered.data(), size};
}

}  // namespace

// ---- one connection ----

void TlsStream::Free::operator()(SSL* ssl) const {
    SSL_free(ssl);
}

TlsStream::TlsStream(SSL_CTX& context, int descriptor)
    : ssl_(SSL_new(&context)), descriptor_(descriptor) {
    if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor) != 1) throw std::bad_alloc();
    SSL_set_accept_state(ssl_.get());
}

TlsStream::~TlsStream() = default;

ssize_t TlsStream::receive(std::span<char> buffer) {
    receives_when_writable_ = false;
    std::size_t total = 0;
    do {
        ERR_clear_error();
        std::size_t count = 0;
        const auto result =
            SSL_read_ex(ssl_.get(), buffer.data() + total, buffer.size() - total, &count);
        if (result != 1) return total > 0 ? static_cast<ssize_t>(total) : failed(result);
        total += count;
    } while (total < buffer.size() && SSL_pending(ssl_.get()) > 0);
    return static_cast<ssize_t>(total);
}

ssize_t TlsStream::send(std::span<const iovec> bytes) {
    if (!flush()) return -1;
    std::size_t total = 0;
    while (total < kAtOnce) {
        const auto record = next_record(bytes, total);
        if (record.empty()) break;
        ERR_clear_error();
        std::size_t count = 0;
        const auto result = SSL_write_ex(ssl_.get(), record.data(), record.size(), &count);
        if (result != 1) {
            if (failed(result) == 0) errno = EPIPE;
            if (errno != EAGAIN) return total > 0 ? static_cast<ssize_t>(total) : -1;
            // It is encrypted already: what is sent next must be just this, even if the caller
            // should change its mind.
            unflushed_ = record;
            return static_cast<ssize_t>(total + record.size());
        }
        total += count;
    }
    return static_cast<ssize_t>(total);
}

bool TlsStream::flush() {
    if (unflushed_.empty()) return true;
    ERR_clear_error();
    std::size_t count = 0;
    const auto result = SSL_write_ex(ssl_.get(), unflushed_.data(), unflushed_.size(), &count);
    if (result != 1) {
        if (failed(result) == 0) errno = EPIPE;
        return false;
    }
    std::string().swap(unflushed_);
    return true;
}

void TlsStream::end() {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_.get())) (void)SSL_shutdown(ssl_.get());
}

// 0 at the end of the stream, else -1 and errno.
ssize_t TlsStream::failed(int result) {
    const auto error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        receives_when_writable_ = error == SSL_ERROR_WANT_WRITE;
        errno = EAGAIN;
        return -1;
    }
    const auto reason = ERR_GET_REASON(ERR_peek_error());
    // Lengths say where a message ends, so that a missing close_notify cuts nothing unseen.
    if (error == SSL_ERROR_ZERO_RETURN || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return 0;
    if (error == SSL_ERROR_SYSCALL && errno != 0) return -1;
    if (reason == SSL_R_HTTP_REQUEST) refuse_plain_http();
    errno = EPROTO;
    return -1;
}

void TlsStream::refuse_plain_http() {
    (void)!::send(descriptor_, kSpeakTls.data(), kSpeakTls.size(), MSG_NOSIGNAL);
}

// ---- who the listener is ----

struct TlsIdentity::Context {
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    std::unique_ptr<SSL_CTX, Free> ssl{SSL_CTX_new(TLS_server_method())};
    std::chrono::system_clock::time_point expires;
};

namespace {

// RFC 7301: who offers protocols, but not ours, is told so.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length,
                    const unsigned char* offered, unsigned int offered_length, void*) {
    static constexpr unsigned char kOurs[] = "\x08http/1.1";
    unsigned char* found = nullptr;
    const auto outcome =
        SSL_select_next_proto(&found, length, kOurs, sizeof kOurs - 1, offered, offered_length);
    *chosen = found;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_up(SSL_CTX& context, TlsVersion least) {
    SSL_CTX_set_min_proto_version(&context,
                                  least == TlsVersion::k13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                      SSL_OP_CIPHER_SERVER_PREFERENCE);
    // Of TLS 1.2 only what has forward secrecy and authenticates what it encrypts (RFC 9325 4.2).
    SSL_CTX_set_cipher_list(&context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_mode(&context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_num_tickets(&context, 1);
    SSL_CTX_set_alpn_select_cb(&context, choose_protocol, nullptr);
}

std::chrono::system_clock::time_point end_of(const X509& certificate) {
    std::tm fields{};
    ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &fields);
    return std::chrono::system_clock::from_time_t(::timegm(&fields));
}

}  // namespace

TlsIdentity::TlsIdentity(Files files, TlsVersion least)
    : files_(std::move(files)), least_(least), stamps_(stamps()), context_(load()) {}

TlsIdentity::~TlsIdentity() = default;

TlsIdentity::Stamps TlsIdentity::stamps() const {
    std::error_code ignored;  // what can't be read is told by load()
    return {std::filesystem::last_write_time(files_.certificate, ignored),
            std::filesystem::last_write_time(files_.key, ignored)};
}

std::shared_ptr<const TlsIdentity::Context> TlsIdentity::load() const {
    auto made = std::make_shared<Context>();
    if (!made->ssl) throw std::bad_alloc();
    auto& context = *made->ssl;
    set_up(context, least_);
    ERR_clear_error();
    const auto refuse = [](const char* setting, const std::filesystem::path& file) {
        return std::invalid_argument(std::string(setting) + ": \"" + file.string() +
                                     "\": " + reason_of_last_error());
    };
    if (SSL_CTX_use_certificate_chain_file(&context, files_.certificate.c_str()) != 1) {
        throw refuse("tls_certificate", files_.certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(&context, files_.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(&context) != 1) {
        throw refuse("tls_key", files_.key);
    }
    made->expires = end_of(*SSL_CTX_get0_certificate(&context));
    return made;
}

std::unique_ptr<TlsStream> TlsIdentity::accept(int descriptor) const {
    return std::make_unique<TlsStream>(*current()->ssl, descriptor);
}

bool TlsIdentity::refresh() {
    const auto found = stamps();
    {
        const std::lock_guard lock(mutex_);
        if (found == stamps_) return false;
    }
    auto made = load();
    const std::lock_guard lock(mutex_);
    stamps_ = found;
    context_ = std::move(made);
    return true;
}

std::chrono::system_clock::time_point TlsIdentity::expires() const {
    return current()->expires;
}

}  // namespace streamwall::http_server
