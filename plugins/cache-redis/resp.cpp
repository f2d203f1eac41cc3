#include "resp.hpp"

#include <hiredis/hiredis.h>

#include <charconv>
#include <new>

namespace streamwall::redis {

Command& Command::arg(std::string_view text) {
    ++count_;
    arguments_ += '$';
    arguments_ += std::to_string(text.size());
    arguments_ += "\r\n";
    arguments_ += text;
    arguments_ += "\r\n";
    return *this;
}

Command& Command::arg(std::int64_t number) {
    return arg(std::to_string(number));
}

void Command::append_to(std::string& out) const {
    out += '*';
    out += std::to_string(count_);
    out += "\r\n";
    out += arguments_;
}

bool ReplyView::is_nil() const {
    return raw_ == nullptr || raw_->type == REDIS_REPLY_NIL;
}

bool ReplyView::is_error() const {
    return raw_ != nullptr && raw_->type == REDIS_REPLY_ERROR;
}

std::string_view ReplyView::text() const {
    if (raw_ == nullptr || raw_->str == nullptr) return {};
    return {raw_->str, raw_->len};
}

std::int64_t ReplyView::integer() const {
    if (raw_ == nullptr) return 0;
    if (raw_->type == REDIS_REPLY_INTEGER) return raw_->integer;
    std::int64_t out = 0;
    const auto digits = text();
    std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return out;
}

std::size_t ReplyView::size() const {
    return raw_ == nullptr || raw_->type != REDIS_REPLY_ARRAY ? 0 : raw_->elements;
}

ReplyView ReplyView::at(std::size_t n) const {
    return ReplyView(n < size() ? raw_->element[n] : nullptr);
}

void Reply::Free::operator()(redisReply* reply) const {
    freeReplyObject(reply);
}

void ReplyReader::Free::operator()(redisReader* reader) const {
    redisReaderFree(reader);
}

ReplyReader::ReplyReader() : reader_(redisReaderCreate()) {
    if (!reader_) throw std::bad_alloc();
}

void ReplyReader::feed(std::string_view bytes) {
    redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

Result<std::optional<Reply>> ReplyReader::next() {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) {
        return Error::unavailable(std::string("this is no Redis: ") + reader_->errstr);
    }
    if (raw == nullptr) return std::optional<Reply>();
    return std::optional<Reply>(std::in_place, static_cast<redisReply*>(raw));
}

}  // namespace streamwall::redis
