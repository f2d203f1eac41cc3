// Bus: publishing and subscribing.
#pragma once

#include <streamwall/bus.h>
#include <streamwall/sdk/services.hpp>

namespace streamwall {

// One delivery; borrowed during the handler.
class Event {
  public:
    Event(const sw_bus_api* api, const sw_event* raw) : api_(api), raw_(raw) {}
    std::string_view id() const { return to_view(raw_->id); }
    std::string_view type() const { return to_view(raw_->type); }
    std::string_view subject() const { return to_view(raw_->subject); }
    std::string_view producer() const { return to_view(raw_->producer); }
    std::string_view timestamp() const { return to_view(raw_->timestamp); }
    std::uint64_t sequence() const { return raw_->sequence; }
    std::string_view epoch() const { return to_view(raw_->epoch); }
    std::string_view data() const { return {raw_->data->data, raw_->data->length}; }
    Buffer shared_data() const { return Buffer::share(raw_->data); }
    std::string_view changes() const { return to_view(raw_->changes); }
    Result<boost::json::object> json() const { return json::parse_object(data()); }
    std::uint32_t attempt() const { return raw_->attempt; }
    const sw_context& context() const { return *raw_->context; }
    const sw_event& raw() const { return *raw_; }
    // The envelope as JSON text.
    Buffer render() const { return Buffer::adopt(api_->render(raw_)); }
    const sw_bus_api* api() const { return api_; }

  private:
    const sw_bus_api* api_;
    const sw_event* raw_;
};

// The duty to say how a deferred durable delivery ended. Destroyed unused, it is tried again.
class Delivery {
  public:
    explicit Delivery(const Event& event)
        : api_(event.api()), raw_(event.api()->defer(&event.raw())) {}
    Delivery(Delivery&& other) noexcept
        : api_(other.api_), raw_(std::exchange(other.raw_, nullptr)) {}
    Delivery& operator=(Delivery&&) = delete;
    ~Delivery() {
        if (raw_) complete(Error::internal("the delivery was dropped without an outcome"));
    }
    void complete(const Result<>& outcome) {
        auto* raw = std::exchange(raw_, nullptr);
        if (outcome) return api_->complete(raw, SW_OK, nullptr);
        ErrorSlot slot(outcome.error());
        api_->complete(raw, outcome.error().code, slot.get());
    }

  private:
    const sw_bus_api* api_;
    sw_delivery* raw_;
};

// What an event handler returns: success, an error, or `pending` with a Delivery kept.
class Outcome {
  public:
    Outcome(Result<> result) : failed_(!result) {  // NOLINT: implicit on purpose
        if (failed_) error_ = std::move(result).error();
    }
    Outcome(Error error) : failed_(true), error_(std::move(error)) {}  // NOLINT
    Outcome(Pending) : pending_(true) {}                               // NOLINT
    sw_status finish(sw_error* error) const {
        if (pending_) return SW_PENDING;
        return failed_ ? fill_error(error, error_) : SW_OK;
    }

  private:
    bool failed_ = false;
    bool pending_ = false;
    Error error_;
};

struct Subscribe {
    std::string_view pattern;
    std::string_view durable = {};  // a name makes the subscription durable
    int deliver = SW_DELIVER_EACH;
    int start = SW_START_NEW;
    int policy = SW_DROP_OLDEST;
    std::uint32_t limit = 0;
};

struct Draft {
    std::string_view type;
    std::string_view subject;
    Buffer data;
    std::string_view changes = {};
    std::string_view version = "1.0";

    sw_event_draft raw() const {
        sw_event_draft out{};
        out.size = sizeof out;
        out.type = to_str(type);
        out.version = to_str(version);
        out.subject = to_str(subject);
        out.data = data.get();
        out.changes = to_str(changes);
        return out;
    }
};

class Bus {
  public:
    explicit Bus(const Host& host)
        : host_(host.raw()), api_(host.find<sw_bus_api>(SW_BUS)), log_(host.log()) {}

    // Transient and local events. [any]
    Result<> publish(const Draft& draft, const sw_context& context) const {
        ErrorSlot slot;
        const auto raw = draft.raw();
        const auto status = api_->publish(host_, &raw, &context, slot.get());
        if (status != SW_OK) return slot.take(status);
        return ok();
    }

    // Durable events: `done(Result<Buffer>)` as Services::call; success means it is on disk. [any]
    template <class Done>
    void append(const Draft& draft, const sw_context& context, Done done) const {
        const auto raw = draft.raw();
        std::uint64_t id = 0;
        detail::PendingReply<Done>::run(
            log_, std::move(done), [&](void* ctx, sw_buffer** reply, sw_error* error) {
                return api_->append(host_, &raw, &context, &detail::PendingReply<Done>::on_reply,
                                    ctx, &id, reply, error);
            });
    }

    // `handler` is callable as Outcome(const Event&) and lives as long as the plugin; the host ends
    // all subscriptions before stop().
    template <class Handler>
    Result<> subscribe(const Subscribe& options, Handler handler) {
        auto kept = std::make_shared<Kept<Handler>>(Kept<Handler>{api_, std::move(handler)});
        sw_subscription_options raw{};
        raw.size = sizeof raw;
        raw.pattern = to_str(options.pattern);
        raw.durable = to_str(options.durable);
        raw.deliver = options.deliver;
        raw.start = options.start;
        raw.policy = options.policy;
        raw.limit = options.limit;
        ErrorSlot slot;
        sw_subscription* out = nullptr;
        const auto status =
            api_->subscribe(host_, &raw, &Kept<Handler>::receive, kept.get(), &out, slot.get());
        if (status != SW_OK) return slot.take(status);
        handlers_.push_back(std::move(kept));
        return ok();
    }

  private:
    template <class Handler>
    struct Kept {
        const sw_bus_api* api;
        Handler handler;
        static sw_status receive(void* ctx, const sw_event* raw, sw_error* error) noexcept {
            auto* self = static_cast<Kept*>(ctx);
            return detail::guard(
                error, [&] { return Outcome(self->handler(Event(self->api, raw))).finish(error); });
        }
    };
    sw_host* host_;
    const sw_bus_api* api_;
    Log log_;
    std::vector<std::shared_ptr<void>> handlers_;
};

}  // namespace streamwall
