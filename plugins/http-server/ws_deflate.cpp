#include "ws_deflate.hpp"

#include "text.hpp"

#include <zlib.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace streamwall::http_server {
namespace {

constexpr int kLevel = 1;  // of compression: broadcasts are small, and many
constexpr int kRawWindow = -DeflateTerms::kAllBits;  // no zlib header (RFC 7692 7.2)
constexpr int kMemory = 8;
constexpr std::size_t kKeptBytes = 256 * 1024;  // of a buffer between two messages
// What ends a flushed block and is left out of the frame (RFC 7692 7.2.1).
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);

struct Parameter {
    std::string name;
    std::optional<std::string> value;
};

// `token`, or a quoted string that holds one (RFC 6455 9.1).
std::optional<std::string> read_value(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        std::string out;
        text = text.substr(1, text.size() - 2);
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
            out += text[i];
        }
        return is_token(out) ? std::optional(out) : std::nullopt;
    }
    return is_token(text) ? std::optional(std::string(text)) : std::nullopt;
}

// An extension's name and then its parameters; nothing where that is no offer.
std::optional<std::vector<Parameter>> read_offer(std::string_view text) {
    std::vector<Parameter> out;
    while (true) {
        const auto part = trim(text.substr(0, text.find(';')));
        const auto equals = part.find('=');
        Parameter parameter{std::string(trim(part.substr(0, equals))), std::nullopt};
        if (!is_token(parameter.name)) return std::nullopt;
        if (equals != std::string_view::npos) {
            parameter.value = read_value(trim(part.substr(equals + 1)));
            if (!parameter.value || out.empty()) return std::nullopt;
        }
        out.push_back(std::move(parameter));
        const auto next = text.find(';');
        if (next == std::string_view::npos) return out;
        text.remove_prefix(next + 1);
    }
}

// 8…15 without leading zeros.
std::optional<std::uint8_t> read_window(const std::optional<std::string>& value) {
    if (!value || value->empty() || value->front() == '0') return std::nullopt;
    const auto bits = parse_decimal(*value);
    if (!bits || *bits < 8 || *bits > 15) return std::nullopt;
    return static_cast<std::uint8_t>(*bits);
}

// Nothing where the offer has to be declined (RFC 7692 7.1).
std::optional<DeflateTerms> accept(const std::vector<Parameter>& offer) {
    DeflateTerms terms;
    for (auto each = offer.begin() + 1; each != offer.end(); ++each) {
        const auto is_same = [&](const Parameter& other) { return other.name == each->name; };
        if (std::count_if(offer.begin() + 1, offer.end(), is_same) > 1) return std::nullopt;
        if (each->name == "server_no_context_takeover" ||
            each->name == "client_no_context_takeover") {
            if (each->value) return std::nullopt;
        } else if (each->name == "server_max_window_bits") {
            const auto bits = read_window(each->value);
            if (!bits) return std::nullopt;
            terms = {*bits, true};
        } else if (each->name == "client_max_window_bits") {
            // A hint, with or without a number: we read any window.
            if (each->value && !read_window(each->value)) return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    return terms;
}

}  // namespace

std::string DeflateTerms::line() const {
    std::string out =
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
        "client_no_context_takeover";
    if (names_window) out += "; server_max_window_bits=" + std::to_string(window_bits);
    return out + "\r\n";
}

std::expected<std::optional<DeflateTerms>, Refusal> negotiate_deflate(const RequestHead& head) {
    std::optional<DeflateTerms> agreed;
    for (const auto& header : head.headers) {
        if (to_view(header.name) != "sec-websocket-extensions") continue;
        auto rest = to_view(header.value);
        for (std::string_view member; next_in_list(rest, member);) {
            const auto offer = read_offer(member);
            if (!offer) {
                return std::unexpected(
                    Refusal{400, "bad_handshake", "Sec-WebSocket-Extensions is malformed."});
            }
            if (!agreed && offer->front().name == "permessage-deflate") agreed = accept(*offer);
        }
    }
    return agreed;
}

struct MessageDeflater::Stream {
    z_stream z{};
};

MessageDeflater::MessageDeflater() : stream_(std::make_unique<Stream>()) {
    if (deflateInit2(&stream_->z, kLevel, Z_DEFLATED, kRawWindow, kMemory, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        throw std::runtime_error("no memory to compress messages");
    }
}

MessageDeflater::~MessageDeflater() {
    deflateEnd(&stream_->z);
}

FramePtr MessageDeflater::compress(Opcode opcode, std::string_view payload) {
    if (payload.size() < kLeast) return nullptr;
    auto& z = stream_->z;
    deflateReset(&z);
    out_.resize(payload.size());
    // zlib takes its input as not const, and does not write to it.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));
    z.avail_in = static_cast<uInt>(payload.size());
    z.next_out = reinterpret_cast<Bytef*>(out_.data());
    z.avail_out = static_cast<uInt>(out_.size());
    // Room that is left says that everything is there, and that it is smaller.
    if (deflate(&z, Z_SYNC_FLUSH) != Z_OK || z.avail_out == 0) return nullptr;
    const auto size = out_.size() - z.avail_out - kTail.size();
    auto frame = Frame::make(opcode, std::string_view(out_).substr(0, size), true);
    if (out_.capacity() > kKeptBytes) std::string().swap(out_);
    return frame;
}

struct MessageInflater::Stream {
    z_stream z{};
};

MessageInflater::MessageInflater() : stream_(std::make_unique<Stream>()) {
    if (inflateInit2(&stream_->z, kRawWindow) != Z_OK) {
        throw std::runtime_error("no memory to read compressed messages");
    }
}

MessageInflater::~MessageInflater() {
    inflateEnd(&stream_->z);
}

MessageInflater::Result MessageInflater::inflate(std::string_view payload, std::size_t limit) {
    auto& z = stream_->z;
    inflateReset(&z);
    size_ = 0;
    if (out_.capacity() > kKeptBytes) std::string().swap(out_);
    for (auto input : {payload, kTail}) {
        z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
        z.avail_in = static_cast<uInt>(input.size());
        bool is_full = false;
        while (z.avail_in > 0 || is_full) {
            if (size_ == out_.size()) {
                // One byte more than may be there, to see that there is more.
                if (size_ > limit) return Result::kTooBig;
                out_.resize(std::min(limit + 1, std::max<std::size_t>(4096, 2 * size_)));
            }
            z.next_out = reinterpret_cast<Bytef*>(out_.data() + size_);
            z.avail_out = static_cast<uInt>(out_.size() - size_);
            const int status = ::inflate(&z, Z_SYNC_FLUSH);
            size_ = out_.size() - z.avail_out;
            // A final block may be followed by others (RFC 7692 7.2.3.4).
            if (status == Z_STREAM_END) {
                inflateReset(&z);
            } else if (status == Z_BUF_ERROR) {
                if (z.avail_out > 0) break;  // there was nothing more to come
            } else if (status != Z_OK) {
                return Result::kBroken;
            }
            is_full = z.avail_out == 0;
        }
    }
    return size_ > limit ? Result::kTooBig : Result::kDone;
}

}  // namespace streamwall::http_server
