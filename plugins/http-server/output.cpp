#include "output.hpp"

#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace streamwall::http_server {
namespace {

constexpr std::size_t kMaxVectors = 64;

// Gathers spans, leaving out the first `skip` bytes.
class Gather {
  public:
    explicit Gather(std::size_t skip) : skip_(skip) {}
    void add(std::string_view bytes) {
        const auto cut = std::min(skip_, bytes.size());
        skip_ -= cut;
        bytes.remove_prefix(cut);
        if (bytes.empty() || count_ == kMaxVectors) return;
        vectors_[count_++] = {const_cast<char*>(bytes.data()), bytes.size()};
    }
    ssize_t send(Socket& socket) { return socket.send({vectors_.data(), count_}); }

  private:
    std::array<iovec, kMaxVectors> vectors_;
    std::size_t count_ = 0;
    std::size_t skip_;
};

}  // namespace

void Output::add_buffer(BufferRef buffer) {
    buffered_ += buffer.view().size();
    pieces_.push_back({text_.size(), std::move(buffer)});
}

WriteResult Output::write(Socket& socket) {
    const auto refused = [] {
        return errno == EAGAIN || errno == EWOULDBLOCK ? WriteResult::kBlocked
                                                       : WriteResult::kFailed;
    };
    while (pending() > 0) {
        Gather gather(sent_);
        std::size_t text_begin = 0;
        for (const auto& piece : pieces_) {
            gather.add(std::string_view(text_).substr(text_begin, piece.text_end - text_begin));
            gather.add(piece.buffer.view());
            text_begin = piece.text_end;
        }
        gather.add(std::string_view(text_).substr(text_begin));
        const auto sent = gather.send(socket);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return refused();
        }
        sent_ += static_cast<std::size_t>(sent);
    }
    if (!socket.flush()) return refused();
    clear();
    return WriteResult::kDone;
}

void Output::clear() {
    text_.clear();
    pieces_.clear();
    buffered_ = 0;
    sent_ = 0;
}

}  // namespace streamwall::http_server
