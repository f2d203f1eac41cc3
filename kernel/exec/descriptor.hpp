// Descriptor: an owned file descriptor, and signals between threads that can be polled.
#pragma once

#include <utility>

namespace streamwall {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor();
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

// An eventfd: set once or many times from any thread, polled by others.
Descriptor make_signal();
void raise_signal(const Descriptor& signal);
void clear_signal(const Descriptor& signal);

}  // namespace streamwall
