// Bodies in pieces: the handler runs as soon as the head is accepted, and the socket is read for a
// piece once the plugin has asked for it, so no more than one of them is here at any time.
#include "http_session.hpp"

#include <algorithm>

namespace streamwall::http_server {
namespace {

constexpr Refusal kMalformed{400, "bad_request", "The chunked body is malformed."};
constexpr Refusal kTooLarge{413, "content_too_large", "The body is larger than this path takes."};

}  // namespace

// Takes what belongs to the body off `input`, into `in.body`.
std::expected<HttpSession::Taken, Refusal> HttpSession::decode(PendingBody& in,
                                                               std::string_view input) {
    Taken taken;
    if (in.chunks) {
        switch (in.chunks->feed(input, taken.used, in.body)) {
            case ChunkDecoder::State::kMalformed:
                return std::unexpected(kMalformed);
            case ChunkDecoder::State::kTooLarge:
                return std::unexpected(kTooLarge);
            case ChunkDecoder::State::kDone:
                taken.done = true;
                break;
            case ChunkDecoder::State::kMore:
                break;
        }
    } else {
        taken.used = static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), in.left));
        in.body.append(input.substr(0, taken.used));
        in.left -= taken.used;
        taken.done = in.left == 0;
    }
    in.received += taken.used;
    return taken;
}

void HttpSession::open_body(std::string_view head, bool body_began) {
    hold_request(head);
    inbound_->is_streamed = true;
    if (inbound_->request.head.expects_continue && !body_began)
        output().text() += "HTTP/1.1 100 Continue\r\n\r\n";
    // What the handler answers at once must not free the request that it still looks at.
    const auto held = inbound_;
    dispatch(held->request, {}, nullptr, 0);
    if (phase_ == Phase::kHead) lose_body(exchange_);
}

void HttpSession::want_body() {
    if (inbound_ == nullptr || inbound_->is_lost) {
        exchange_->tell(nullptr, 0, SW_HTTP_BODY_LOST);
        return;
    }
    auto& in = *inbound_;
    const auto& options = worker_.services.options;
    in.is_wanted = true;
    in.wanted_since = Clock::now();
    // The time that we did not read in is not the client's.
    body_deadline_ = in.wanted_since + options.body_grace - in.waited +
                     std::chrono::milliseconds(in.received * 1000 / options.body_rate);
    pump();
}

// Hands on what has come, once for each time that it is asked for.
void HttpSession::feed_body() {
    if (!inbound_ || !inbound_->is_wanted) return;
    auto& in = *inbound_;
    const bool is_empty = !in.chunks && in.left == 0;
    if (pending_.empty() && !is_empty) return;
    const std::string input = std::exchange(pending_, {});
    const auto taken = decode(in, input);
    if (!taken) return lose_body(exchange_);
    pending_.assign(input, taken->used);
    if (in.body.empty() && !taken->done) return;
    in.is_wanted = false;
    in.waited += Clock::now() - in.wanted_since;
    body_deadline_ = Time::max();
    const auto bytes = std::exchange(in.body, {});
    if (taken->done) {
        inbound_.reset();
        has_more_ = !pending_.empty();
    }
    exchange_->tell(bytes.data(), bytes.size(),
                    taken->done ? SW_HTTP_BODY_LAST : SW_HTTP_BODY_MORE);
}

// The rest will not come, or nobody wants it: behind it no other request can be found.
void HttpSession::lose_body(sw_http_exchange* exchange) {
    if (!inbound_ || !inbound_->is_streamed) return;
    closing_ = true;
    body_deadline_ = Time::max();
    inbound_->is_lost = true;
    if (std::exchange(inbound_->is_wanted, false) && exchange != nullptr)
        exchange->tell(nullptr, 0, SW_HTTP_BODY_LOST);
}

}  // namespace streamwall::http_server
