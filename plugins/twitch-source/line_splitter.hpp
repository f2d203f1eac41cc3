// LineSplitter: bytes as they arrive become lines, whatever way TCP cut them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace streamwall::twitch {

// Lines end with LF or CR LF. A line longer than the limit is skipped as a whole and counted;
// memory never exceeds the limit.
class LineSplitter {
  public:
    // Tags take 8,191 bytes at most, a message of Twitch 500 characters.
    static constexpr std::size_t kDefaultLimit = 16 * 1024;

    explicit LineSplitter(std::size_t limit = kDefaultLimit) : limit_(limit) {}

    // Calls `on_line(std::string_view)`, valid during the call, for each line that is now complete.
    template <class OnLine>
    void feed(std::string_view bytes, OnLine&& on_line) {
        while (!bytes.empty()) {
            const auto end = bytes.find('\n');
            append(bytes.substr(0, end));
            if (end == bytes.npos) return;
            bytes.remove_prefix(end + 1);
            if (skipping_) {
                ++skipped_;
            } else {
                if (partial_.ends_with('\r')) partial_.pop_back();
                if (!partial_.empty()) on_line(std::string_view(partial_));
            }
            skipping_ = false;
            partial_.clear();
        }
    }
    std::uint64_t skipped() const { return skipped_; }

  private:
    void append(std::string_view part) {
        if (skipping_) return;
        if (partial_.size() + part.size() > limit_) {
            skipping_ = true;
            partial_.clear();
            return;
        }
        partial_ += part;
    }
    std::size_t limit_;
    std::string partial_;
    bool skipping_ = false;
    std::uint64_t skipped_ = 0;
};

}  // namespace streamwall::twitch
