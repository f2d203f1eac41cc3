// The count of who uses libnats.
#include "library.hpp"

#include <nats/nats.h>

#include <mutex>
#include <stdexcept>

namespace streamwall::transport_nats {
namespace {

// As global as what it counts: libnats has one state in a process.
struct Users {
    std::mutex mutex;
    int count = 0;
};

Users& users() {
    static Users all;
    return all;
}

// Its threads end within microseconds once nothing is connected; this is for what nobody foresaw.
constexpr int kCloseTimeoutMs = 10'000;

}  // namespace

Library::Library() {
    const std::lock_guard lock(users().mutex);
    if (users().count == 0) {
        const auto opened = nats_Open(-1);
        if (opened != NATS_OK) {
            throw std::runtime_error(std::string("libnats does not open: ") +
                                     natsStatus_GetText(opened));
        }
    }
    ++users().count;
}

Library::~Library() {
    const std::lock_guard lock(users().mutex);
    if (--users().count == 0) nats_CloseAndWait(kCloseTimeoutMs);
}

}  // namespace streamwall::transport_nats
