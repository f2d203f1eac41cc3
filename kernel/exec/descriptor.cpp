// Source: eventfd(2).
#include "exec/descriptor.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

namespace streamwall {

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

Descriptor make_signal() {
    return Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void raise_signal(const Descriptor& signal) {
    // Fails only when the counter is full, and then it is raised already.
    static_cast<void>(::eventfd_write(signal.get(), 1));
}

void clear_signal(const Descriptor& signal) {
    eventfd_t count = 0;
    static_cast<void>(::eventfd_read(signal.get(), &count));
}

}  // namespace streamwall
