// Outgoing WebSocket frames (RFC 6455 5.2): encoded once, shared by reference between all
// connections and loops that send them.
#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace streamwall::http_server {

enum class Opcode : std::uint8_t {
    kContinuation = 0,
    kText = 1,
    kBinary = 2,
    kClose = 8,
    kPing = 9,
    kPong = 10,
};

class Frame;
void intrusive_ptr_add_ref(Frame* frame);
void intrusive_ptr_release(Frame* frame);
using FramePtr = boost::intrusive_ptr<Frame>;

class Frame {
  public:
    // `is_compressed`: the payload is a message under permessage-deflate.
    static FramePtr make(Opcode opcode, std::string_view payload, bool is_compressed = false);
    static FramePtr close(std::uint16_t code, std::string_view reason);
    // Bytes that go out as they are: the answer to the upgrade.
    static FramePtr raw(std::string_view bytes);

    std::string_view bytes() const { return {data(), length_}; }
    bool is_close() const { return opcode_ == Opcode::kClose; }
    bool is_pong() const { return opcode_ == Opcode::kPong; }
    bool is_message() const { return opcode_ == Opcode::kText || opcode_ == Opcode::kBinary; }
    Opcode opcode() const { return opcode_; }
    std::string_view payload() const { return bytes().substr(header_length_); }

    // The same message compressed, for who has agreed to that. Set before the frame is shared.
    void set_deflated(FramePtr deflated) { deflated_ = std::move(deflated); }
    Frame* deflated() const { return deflated_.get(); }

    // Set by the topic before the frame is shared. Frames with the same owner and key replace each
    // other in the queue of a reader that is behind.
    void set_topic(const void* topic, std::uint64_t sequence, std::string_view merge_key);
    std::uint64_t sequence() const { return sequence_; }
    bool replaces(const Frame& older) const {
        return merge_hash_ != 0 && merge_hash_ == older.merge_hash_ && topic_ == older.topic_ &&
               merge_key_ == older.merge_key_;
    }

    // References for a whole fan-out are taken at once.
    void add_references(std::uint32_t count) {
        references_.fetch_add(count, std::memory_order_relaxed);
    }
    void release() { drop_references(1); }
    void drop_references(std::uint32_t count);

  private:
    Frame(Opcode opcode, std::size_t length) : opcode_(opcode), length_(length) {}
    ~Frame() = default;
    static Frame* allocate(Opcode opcode, std::size_t length);
    char* data() { return reinterpret_cast<char*>(this + 1); }  // the bytes follow the object
    const char* data() const { return reinterpret_cast<const char*>(this + 1); }

    std::atomic<std::uint32_t> references_{0};
    Opcode opcode_;
    std::uint8_t header_length_ = 0;
    std::size_t length_;
    FramePtr deflated_;
    std::uint64_t sequence_ = 0;
    std::uint64_t merge_hash_ = 0;
    const void* topic_ = nullptr;
    std::string merge_key_;
};

inline void intrusive_ptr_add_ref(Frame* frame) {
    frame->add_references(1);
}
inline void intrusive_ptr_release(Frame* frame) {
    frame->release();
}

}  // namespace streamwall::http_server
