#include "journal_stream.hpp"

#include <utility>

namespace streamwall::rest_api {
namespace {

constexpr std::chrono::seconds kPageTime{10};
// Those who are sent away come back over this while, each at its own time.
constexpr std::uint64_t kFirstRetryMs = 1'000;
constexpr std::uint64_t kRetrySpreadMs = 3'000;

std::uint64_t nanoseconds(std::chrono::nanoseconds time) {
    return static_cast<std::uint64_t>(time.count());
}

class StreamSource final : public http::Source {
  public:
    explicit StreamSource(std::shared_ptr<JournalStream> stream) : stream_(std::move(stream)) {}
    void next(http::Part part) override { stream_->next(std::move(part)); }

  private:
    const std::shared_ptr<JournalStream> stream_;
};

}  // namespace

JournalStream::JournalStream(const Host& host, JournalTail& tail, ReadJournal read,
                             const sw_context& context, JournalCursor cursor,
                             std::chrono::nanoseconds lifetime)
    : host_(host),
      tail_(tail),
      read_(std::move(read)),
      context_(context),
      cursor_(std::move(cursor)),
      over_ns_(host.monotonic_ns() + nanoseconds(lifetime)) {}

std::unique_ptr<http::Source> JournalStream::as_source(std::shared_ptr<JournalStream> stream) {
    return std::make_unique<StreamSource>(std::move(stream));
}

bool JournalStream::is_over() const {
    return host_.monotonic_ns() >= over_ns_;
}

void JournalStream::next(http::Part part) {
    part_.emplace(std::move(part));
    step();
}

void JournalStream::step() {
    if (!text_.empty()) return give(std::exchange(text_, {}));
    if (tail_.is_closed()) {
        // Any number does that differs between clients.
        const auto wait = kFirstRetryMs + host_.monotonic_ns() / 1'000 % kRetrySpreadMs;
        return give("retry: " + std::to_string(wait) + "\n\n", true);
    }
    if (is_over()) return give(cursor_.beat(), true);
    if (cursor_.is_behind()) return read();
    wait();
}

void JournalStream::read() {
    const auto context = context_.with_deadline(host_.monotonic_ns() + nanoseconds(kPageTime));
    read_(cursor_.request(), context, [self = shared_from_this()](const Result<Buffer>& page) {
        // The client comes back by itself, with the id of what it has.
        if (!self->cursor_.take(page)) return self->give(self->cursor_.beat(), true);
        self->text_ = self->cursor_.take_text();
        self->step();
    });
}

void JournalStream::wait() {
    tail_.wait(cursor_.place(), [self = shared_from_this()](JournalTail::News news) {
        if (news == JournalTail::News::kGrown) return self->read();
        if (news == JournalTail::News::kSilence) self->text_ = self->cursor_.beat();
        self->step();
    });
}

void JournalStream::give(std::string text, bool is_last) {
    // The next one may be asked for before this returns.
    auto part = std::move(*part_);
    part_.reset();
    part.give(Buffer(text), is_last);
}

}  // namespace streamwall::rest_api
