// Bytes on their way to one socket: texts copied together, larger bodies by reference, written with
// vectored calls. Loops keep a few spare ones, so that an idle connection holds none.
#pragma once

#include "host.hpp"
#include "loop.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::http_server {

enum class WriteResult { kDone, kBlocked, kFailed };

class Output {
  public:
    // The text can be appended to until the next add_buffer() or write().
    std::string& text() { return text_; }
    void add_buffer(BufferRef buffer);
    std::size_t pending() const { return text_.size() + buffered_ - sent_; }
    // Sends what the socket takes.
    WriteResult write(Socket& socket);
    void clear();

  private:
    // Everything of text_ before `text_end` goes before the buffer.
    struct Piece {
        std::size_t text_end;
        BufferRef buffer;
    };

    std::string text_;
    std::vector<Piece> pieces_;
    std::size_t buffered_ = 0;
    std::size_t sent_ = 0;
};

}  // namespace streamwall::http_server
