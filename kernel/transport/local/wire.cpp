#include "transport/local/wire.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace streamwall::transport {

static_assert(std::endian::native == std::endian::little, "heads are copied as they are");

namespace {

struct Lengths {
    std::uint32_t body;
    std::uint16_t subject, second;

    std::size_t whole() const { return kWireHead + subject + second + body; }
    bool fit() const {
        return body <= kMaxMessage && subject <= kMaxSubject && second <= kMaxSubject;
    }
};

template <class T>
T number_at(const char* from) {
    T number;
    std::memcpy(&number, from, sizeof number);
    return number;
}

Lengths lengths_at(const char* head) {
    return {number_at<std::uint32_t>(head), number_at<std::uint16_t>(head + 4),
            number_at<std::uint16_t>(head + 6)};
}

bool every_token(std::string_view text, bool wildcards) {
    if (text.empty() || text.size() > kMaxSubject) return false;
    while (true) {
        const auto dot = text.find('.');
        const auto token = text.substr(0, dot);
        const bool last = dot == std::string_view::npos;
        const bool is_wildcard = wildcards && (token == "*" || (token == ">" && last));
        const bool is_plain = !token.empty() && std::ranges::all_of(token, [](char c) {
            return c > ' ' && c <= '~' && c != '*' && c != '>';
        });
        if (!is_wildcard && !is_plain) return false;
        if (last) return true;
        text.remove_prefix(dot + 1);
    }
}

// What each kind must carry; nothing, or what is wrong.
std::string_view problem_of(const WireFrame& frame) {
    switch (frame.kind) {
        case FrameKind::publish:
        case FrameKind::request:
        case FrameKind::message:
            if (!is_subject(frame.subject)) return "a subject is malformed";
            if (!frame.second.empty() && !is_subject(frame.second)) return "a reply is malformed";
            return "";
        case FrameKind::subscribe:
            if (!is_subject_pattern(frame.subject)) return "a pattern is malformed";
            return "";
        case FrameKind::cancel:
        case FrameKind::unsubscribe:
            return "";
        case FrameKind::answer:
            return frame.status <= SW_UNAUTHENTICATED ? "" : "a status is unknown";
    }
    return "a kind of frame is unknown";
}

}  // namespace

WireHead encode_head(const WireFrame& frame) {
    WireHead head{};
    const auto put = [&head](std::size_t at, auto number) {
        std::memcpy(head.data() + at, &number, sizeof number);
    };
    put(0, static_cast<std::uint32_t>(frame.body.size()));
    put(4, static_cast<std::uint16_t>(frame.subject.size()));
    put(6, static_cast<std::uint16_t>(frame.second.size()));
    put(8, frame.number);
    put(16, static_cast<std::uint8_t>(frame.kind));
    put(17, frame.status);
    return head;
}

std::size_t wire_size(const WireFrame& frame) {
    return kWireHead + frame.subject.size() + frame.second.size() + frame.body.size();
}

bool is_subject(std::string_view text) {
    return every_token(text, false);
}
bool is_subject_pattern(std::string_view text) {
    return every_token(text, true);
}

std::span<char> WireReader::space() {
    if (begin_ == end_) begin_ = end_ = 0;
    std::size_t wanted = kWireHead;
    if (end_ - begin_ >= kWireHead) wanted = lengths_at(buffer_.data() + begin_).whole();
    wanted = std::min(wanted, kMaxWireFrame);
    // What is left of a frame moves to the front where the rest of it would not fit behind.
    if (begin_ > 0 && (begin_ + wanted > buffer_.size() || end_ == buffer_.size())) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (wanted > buffer_.size()) buffer_.resize(wanted);
    return std::span(buffer_).subspan(end_);
}

bool WireReader::has_more() const {
    if (end_ - begin_ < kWireHead) return false;
    const auto lengths = lengths_at(buffer_.data() + begin_);
    return !lengths.fit() || end_ - begin_ >= lengths.whole();
}

std::expected<std::optional<WireFrame>, std::string_view> WireReader::next() {
    if (!has_more()) return std::nullopt;
    const char* head = buffer_.data() + begin_;
    const auto lengths = lengths_at(head);
    if (!lengths.fit()) return std::unexpected("a frame is too long");
    if (number_at<std::uint16_t>(head + 18) != 0) return std::unexpected("a head is malformed");
    WireFrame frame{.kind = static_cast<FrameKind>(head[16]),
                    .status = static_cast<std::uint8_t>(head[17]),
                    .number = number_at<std::uint64_t>(head + 8)};
    const char* at = head + kWireHead;
    frame.subject = {at, lengths.subject};
    frame.second = {at + lengths.subject, lengths.second};
    frame.body = {at + lengths.subject + lengths.second, lengths.body};
    if (const auto problem = problem_of(frame); !problem.empty()) return std::unexpected(problem);
    begin_ += lengths.whole();
    return frame;
}

}  // namespace streamwall::transport
