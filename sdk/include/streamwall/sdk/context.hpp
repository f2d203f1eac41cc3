// Context: who asks, in which chain of causes, until when. A value that owns its texts.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace streamwall {

// One allocation holds all texts, so that keeping a context costs one malloc.
class Context {
  public:
    Context() : raw_{} { raw_.size = sizeof raw_; }
    explicit Context(const sw_context& from) : Context() { assign(from); }
    Context(const Context& other) : Context() { assign(other.raw_); }
    Context(Context&&) noexcept = default;
    Context& operator=(const Context& other) {
        if (this != &other) *this = Context(other);
        return *this;
    }
    Context& operator=(Context&&) noexcept = default;

    const sw_context& raw() const { return raw_; }
    std::string_view principal_type() const { return to_view(raw_.principal_type); }
    std::string_view principal_id() const { return to_view(raw_.principal_id); }
    std::string_view principal_name() const { return to_view(raw_.principal_name); }
    std::string_view role() const { return to_view(raw_.role); }
    std::string_view request_id() const { return to_view(raw_.request_id); }
    std::string_view correlation_id() const { return to_view(raw_.correlation_id); }
    std::string_view caller() const { return to_view(raw_.caller); }
    std::uint64_t deadline_ns() const { return raw_.deadline_ns; }

    Context with_deadline(std::uint64_t deadline_ns) const {
        Context out(*this);
        out.raw_.deadline_ns = deadline_ns;
        return out;
    }
    Context with_home(const sw_executor* home) const {
        Context out(*this);
        out.raw_.home = home;
        return out;
    }

  private:
    static constexpr std::array kTexts = {&sw_context::principal_type, &sw_context::principal_id,
                                          &sw_context::principal_name, &sw_context::role,
                                          &sw_context::scopes,         &sw_context::request_id,
                                          &sw_context::traceparent,    &sw_context::correlation_id,
                                          &sw_context::causation_id,   &sw_context::caller};

    void assign(const sw_context& from) {
        std::size_t total = 0;
        for (auto text : kTexts)
            total += (from.*text).length;
        texts_ = total ? std::make_unique_for_overwrite<char[]>(total) : nullptr;
        char* at = texts_.get();
        for (auto text : kTexts) {
            const sw_str source = from.*text;
            if (source.length) std::memcpy(at, source.data, source.length);
            raw_.*text = {at, source.length};
            at += source.length;
        }
        raw_.deadline_ns = from.deadline_ns;
        raw_.home = from.home;
    }

    std::unique_ptr<char[]> texts_;
    sw_context raw_;
};

}  // namespace streamwall
