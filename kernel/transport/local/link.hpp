// WireLink: one connected socket of the local transport, with a bounded queue of what is to be
// sent.
//
// Whoever sends writes to the socket himself, so a message costs no change of threads on its way
// out. Only what the socket does not take waits in the queue, for the loop; what several threads
// send meanwhile, or the loop's thread while it has more messages at hand, leaves in one vectored
// write.
#pragma once

#include "exec/loop.hpp"
#include "transport/local/wire.hpp"

#include <deque>
#include <string>

namespace streamwall::transport {

struct LocalLimits {
    std::size_t max_queued = std::size_t{16} << 20;  // bytes that a slow reader keeps waiting
};

class WireLink final : public exec::Polled, public std::enable_shared_from_this<WireLink> {
  public:
    // Both run on the loop's thread, `on_closed` once and last.
    struct Handler {
        // False, with a sentence in `problem`, where the frame must end the connection.
        std::function<bool(const WireFrame& frame, std::string& problem)> on_frame;
        std::function<void(const std::string& reason)> on_closed;
    };

    // `socket` is connected and made non-blocking here. `max_queued` in bytes.
    static std::shared_ptr<WireLink> open(exec::Loop& loop, Descriptor socket,
                                          std::size_t max_queued, Handler handler);

    enum class Sent { yes, full, closed };
    // The frame's texts are borrowed, `body` is what they say it is. [any]
    Sent send(const WireFrame& frame, const BufferRef& body);
    // Ends the connection as if the other side had; what is queued is lost. [any]
    void close(std::string reason);

    void readable() override;
    void writable() override;

  private:
    struct Queued {
        std::string head;  // and both texts
        BufferRef body;
        std::size_t sent = 0;  // bytes of it that have left
        std::size_t size() const { return head.size() + body.text().size(); }
    };

    WireLink(exec::Loop& loop, Descriptor socket, std::size_t max_queued, Handler handler)
        : loop_(loop),
          socket_(std::move(socket)),
          max_queued_(max_queued),
          handler_(std::move(handler)) {}
    bool dispatch();
    bool send_at_once(std::unique_lock<std::mutex>& lock, const WireFrame& frame,
                      const BufferRef& body);
    void write_queue(std::unique_lock<std::mutex>& lock);
    void take_sent(std::size_t count);
    void want_writable(bool wanted);
    void end(const std::string& reason);

    exec::Loop& loop_;
    const Descriptor socket_;
    const std::size_t max_queued_;
    Handler handler_;           // the loop's thread
    WireReader reader_;         // the loop's thread
    bool ended_ = false;        // the loop's thread: on_closed has run
    std::uint64_t number_ = 0;  // in the loop

    std::mutex mutex_;
    std::deque<Queued> queue_;
    std::size_t queued_ = 0;  // bytes
    bool writing_ = false;    // a thread is in a write, and others only queue
    bool waiting_ = false;    // for the socket to become writable
    bool closed_ = false;
};

}  // namespace streamwall::transport
