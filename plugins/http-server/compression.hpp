// gzip (RFC 1952) for answers whose client asks for it (RFC 9110 12.5.3) and that are worth it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::http_server {

// Whether a value of Accept-Encoding takes gzip: named (also x-gzip) or by `*`, not with q=0.
bool takes_gzip(std::string_view accept_encoding);

// What the finished header lines of an answer say of its body.
struct BodyKind {
    bool is_text = false;     // a type that gets smaller
    bool is_secret = false;   // not to be stored: its length would tell of what it holds (BREACH)
    bool is_encoded = false;  // already, or not to be touched
    bool may_compress() const { return is_text && !is_secret && !is_encoded; }
};
BodyKind kind_of_body(std::string_view lines);

// The same lines for the compressed body: its encoding is named, a strong entity tag becomes weak.
std::string compressed_lines(std::string_view lines);

// One compressor, used again and again. [one thread at a time]
class Gzip {
  public:
    Gzip();
    ~Gzip();
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;
    // Nothing where the result would not be smaller.
    std::optional<std::string> compress(std::string_view body);

  private:
    struct Stream;
    std::unique_ptr<Stream> stream_;
};

}  // namespace streamwall::http_server
