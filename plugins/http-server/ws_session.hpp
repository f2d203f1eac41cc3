// One WebSocket connection after its upgrade. Belongs to its loop's thread, but for being
// referenced.
#pragma once

#include "auth.hpp"
#include "fan_out.hpp"
#include "loop.hpp"
#include "openers.hpp"
#include "router.hpp"
#include "traffic.hpp"
#include "ws_codec.hpp"
#include "ws_frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

struct sw_ws_connection {};

namespace streamwall::http_server {

class Worker;

class WsSession final : public Session, public sw_ws_connection, private FrameSink {
  public:
    // `who` is the rate_id of the principal that opened it, `opener` its worker's, null where it
    // cannot end before the connection does; without `deflate` nothing is compressed.
    WsSession(Worker& worker, Socket socket, EndpointPtr endpoint, const PrincipalId& who,
              const Opener* opener, std::optional<DeflateTerms> deflate);
    ~WsSession() override;

    // Sends the answer to the upgrade, tells the endpoint, reads what followed the head.
    void open(std::string_view answer, const sw_http_request& request, std::string_view protocol,
              char* early, std::size_t early_length);

    Worker& worker() { return worker_; }
    // False once the end has begun; it then joins no topic.
    bool is_open() const { return phase_ == Phase::kOpen && endpoint_ != nullptr; }
    bool takes_deflated() const { return deflate_bits_ > 0; }
    // The same of a message of that size.
    bool takes_deflated(std::size_t size) const {
        return takes_deflated() && DeflateTerms{deflate_bits_}.allows(size);
    }
    // What it gets of a frame that others get too, which may be the compressed one.
    Frame* choose(Frame* frame) const {
        const bool may = frame->deflated() != nullptr && takes_deflated(frame->payload().size());
        return may ? frame->deflated() : frame;
    }
    // Queues a frame; a close frame begins the close handshake. Does nothing once that has begun.
    void enqueue(const FramePtr& frame);
    // The same with a reference that was already taken for it.
    void enqueue_adopted(Frame* frame);
    // Writes a frame past the queue where nothing waits there; what the socket does not take of it
    // is queued. False where it was not written at all. Never calls back.
    bool write_through(Frame& frame);
    // The endpoint is told once the queue is empty.
    void tell_when_written();
    // From now on its client has to be heard within each `silence`; zero: no longer.
    void watch(Duration silence);
    // Writes what is queued, called by FanOut.
    void flush();
    bool dirty = false;

    void on_readable() override;
    void on_writable() override;
    void on_deadline() override;
    void on_drain() override;
    void on_stop() override;
    // Itself, and room for a topic and for some frames that wait.
    std::size_t memory() const override {
        return sizeof *this + Socket::kMemory + sizeof(Membership) + 4 * sizeof(Frame*);
    }

    // on_close at once, then the close handshake.
    void on_unmount(const sw_lease* lease) override;
    // Closes; a client whose credentials are still good connects again, with what they allow now.
    void on_credentials_changed(const PrincipalId& who) override;
    const Opener* opener() const override { return phase_ == Phase::kOpen ? opener_ : nullptr; }

    // Kept by Topic.
    struct Membership {
        TopicPtr topic;
        std::uint32_t position;  // in the shard's members
    };
    std::vector<Membership> memberships;

  private:
    enum class Phase : std::uint8_t { kOpen, kClosing, kLingering, kClosed };

    bool on_message(std::string_view payload, bool is_text) override;
    bool on_ping(std::string_view payload) override;
    bool on_pong() override;
    bool on_close_frame(std::uint16_t code) override;

    void read(char* data, std::size_t length);
    bool is_flood();  // counts one more; closes where that is too many
    bool exceeds_own_rate();
    bool exceeds_credential_limit();
    void push(Frame* frame);
    void drop_replaced(const Frame& newer);
    void drop_unsent();
    std::optional<Cut> holds_too_much() const;
    void account(std::ptrdiff_t bytes);  // adds to what is queued, here and on the loop
    void begin_close(const FramePtr& frame, std::uint16_t code);
    void watch_reader();
    void check_reader();
    void hear();
    Time ends_at() const { return opener_ ? opener_->ends : Time::max(); }
    void end_with_token();
    void look_for_life(Time now);
    bool has_taken_some();
    void rearm();
    void cut(Cut why, std::string_view reason);
    bool write_queue();
    bool may_wait();
    void written(std::size_t count);
    void after_flush();
    void tell_closed();
    void finish();

    Worker& worker_;
    Socket socket_;
    EndpointPtr endpoint_;  // none once its on_close was called
    const PrincipalId who_;
    const Opener* opener_;  // until it is closed
    void* user_ = nullptr;
    FrameReader reader_;
    // Frames not wholly written, each with one reference; replaced ones are null. `first_` is the
    // index of the front.
    std::vector<Frame*> queue_;
    std::uint32_t first_ = 0;
    std::uint32_t pongs_ = 0;
    std::size_t front_sent_ = 0;
    std::size_t queued_bytes_ = 0;
    int unsent_ = 0;               // in the kernel, when it was looked at last
    Time stall_at_ = Time::max();  // when its reader is looked at
    // Of a client that has to be heard.
    Duration silence_{};
    Time heard_at_{};
    Time look_at_ = Time::max();
    Time gone_at_ = Time::max();  // unless it is heard before
    std::uint64_t acked_ = 0;     // bytes, while many wait for it
    std::uint32_t paid_at_ = 0;   // by when what it sent is paid for
    std::uint16_t close_code_ = 1006;
    const std::uint8_t deflate_bits_;  // 0: nothing is compressed
    Phase phase_ = Phase::kOpen;
    bool blocked_ = false;  // the socket takes no more; a wait is on
    bool failed_ = false;   // writing failed
    bool close_queued_ = false;
    bool peer_closed_ = false;  // its close frame came
    bool waiting_read_ = false;
    bool wants_written_ = false;
};

}  // namespace streamwall::http_server
