// Gate: waits until everybody who uses something has left, and lets nobody in any more.
#pragma once

#include <atomic>
#include <cstdint>

namespace streamwall::rooms {

// Any thread. What is done inside is brief, as close() blocks for it.
class Gate {
  public:
    // A stay inside the gate; false where it was closed before.
    class Stay {
      public:
        explicit Stay(Gate& gate) : gate_(gate), inside_(gate.enter()) {}
        Stay(const Stay&) = delete;
        Stay& operator=(const Stay&) = delete;
        ~Stay() {
            if (inside_) gate_.leave();
        }
        explicit operator bool() const { return inside_; }

      private:
        Gate& gate_;
        bool inside_;
    };

    // Idempotent.
    void close() {
        auto state = state_.fetch_or(kClosed) | kClosed;
        while (state != kClosed) {
            state_.wait(state);
            state = state_.load();
        }
    }

  private:
    static constexpr std::uint32_t kClosed = 1U << 31;

    bool enter() {
        if ((state_.fetch_add(1) & kClosed) == 0) return true;
        leave();
        return false;
    }
    void leave() {
        if (state_.fetch_sub(1) == (kClosed | 1U)) state_.notify_all();
    }
    std::atomic<std::uint32_t> state_{0};  // how many are inside, and kClosed
};

}  // namespace streamwall::rooms
