// TLS (RFC 8446) of the listener: who it is, and the encrypted side of one connection.
#pragma once

#include <openssl/types.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace streamwall::http_server {

// Encrypts and decrypts for one descriptor that does not block. The handshake takes place inside
// receive(); nothing is sent before something was received. Belongs to its connection's loop.
class TlsStream {
  public:
    TlsStream(SSL_CTX& context, int descriptor);
    ~TlsStream();
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;

    // As recv(2).
    ssize_t receive(std::span<char> buffer);
    // Where receive() said EAGAIN: whether it goes on once the descriptor is writable.
    bool receives_when_writable() const { return receives_when_writable_; }
    // As sendmsg(2), but that what was taken may still have to be flushed.
    ssize_t send(std::span<const iovec> bytes);
    // False where not all that was taken has gone; errno says why.
    bool flush();
    // Says that nothing more comes.
    void end();

  private:
    struct Free {
        void operator()(SSL* ssl) const;
    };

    ssize_t failed(int result);
    void refuse_plain_http();

    std::unique_ptr<SSL, Free> ssl_;
    const int descriptor_;
    std::string unflushed_;  // one record's plain text
    bool receives_when_writable_ = false;
};

enum class TlsVersion { k12, k13 };

// The certificate and its key, taken anew when their files change.
class TlsIdentity {
  public:
    struct Files {
        std::filesystem::path certificate;  // PEM, with the chain behind it
        std::filesystem::path key;          // PEM
    };
    // Throws std::invalid_argument with the name of the setting that is wrong.
    TlsIdentity(Files files, TlsVersion least);
    ~TlsIdentity();

    std::unique_ptr<TlsStream> accept(int descriptor) const;  // [any]
    // True where other files were found and taken. Throws like the constructor where they can't be;
    // then the identity stays what it is. [any]
    bool refresh();
    std::chrono::system_clock::time_point expires() const;

  private:
    struct Context;
    struct Stamps {
        std::filesystem::file_time_type certificate, key;
        bool operator==(const Stamps&) const = default;
    };

    std::shared_ptr<const Context> load() const;
    Stamps stamps() const;
    std::shared_ptr<const Context> current() const {
        const std::lock_guard lock(mutex_);
        return context_;
    }

    const Files files_;
    const TlsVersion least_;
    mutable std::mutex mutex_;
    Stamps stamps_;
    std::shared_ptr<const Context> context_;
};

}  // namespace streamwall::http_server
