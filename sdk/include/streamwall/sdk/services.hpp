// Services: calling methods of neighbours and offering one's own.
#pragma once

#include <streamwall/service.h>
#include <streamwall/sdk/host.hpp>

#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <variant>

namespace streamwall {

// The right to answer one request later, from any thread. Destroyed unused, it answers INTERNAL.
class Responder {
  public:
    Responder(const sw_services_api* api, sw_responder* raw) : api_(api), raw_(raw) {}
    Responder(Responder&& other) noexcept
        : api_(other.api_), raw_(std::exchange(other.raw_, nullptr)) {}
    Responder& operator=(Responder&& other) noexcept {
        std::swap(api_, other.api_);
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~Responder() {
        if (raw_) send(Error::internal("the request was dropped without an answer"));
    }
    void send(Result<Buffer> answer) {
        auto* raw = std::exchange(raw_, nullptr);
        if (answer) return api_->respond(raw, SW_OK, std::move(answer).value().release(), nullptr);
        ErrorSlot slot(answer.error());
        api_->respond(raw, answer.error().code, nullptr, slot.get());
    }
    bool is_cancelled() const { return api_->is_cancelled(raw_) != 0; }

  private:
    const sw_services_api* api_;
    sw_responder* raw_;
};

// A request being served; borrowed during the handler.
class Request {
  public:
    Request(const sw_services_api* api, const sw_request* raw) : api_(api), raw_(raw) {}
    std::string_view body() const { return {raw_->body->data, raw_->body->length}; }
    Buffer shared_body() const { return Buffer::share(raw_->body); }
    Result<boost::json::object> json() const { return json::parse_object(body()); }
    const sw_context& context() const { return *raw_->context; }
    std::string_view method() const { return to_view(raw_->method); }
    // The handler must then return pending.
    [[nodiscard]] Responder defer() const { return {api_, api_->defer(raw_)}; }

  private:
    const sw_services_api* api_;
    const sw_request* raw_;
};

struct Pending {};
inline constexpr Pending pending{};

// What a handler returns: the reply, an error, or `pending` after request.defer().
class Answer {
  public:
    Answer(Buffer reply) : state_(std::move(reply)) {}   // NOLINT: implicit on purpose
    Answer(Error error) : state_(std::move(error)) {}    // NOLINT
    Answer(Pending) : state_(Pending{}) {}               // NOLINT
    Answer(Result<Buffer> result) : state_(Pending{}) {  // NOLINT
        if (result)
            state_ = std::move(result).value();
        else
            state_ = std::move(result).error();
    }
    sw_status finish(sw_buffer** reply, sw_error* error) && {
        if (auto* buffer = std::get_if<Buffer>(&state_)) {
            *reply = buffer->release();
            return SW_OK;
        }
        if (auto* failed = std::get_if<Error>(&state_)) return fill_error(error, *failed);
        return SW_PENDING;
    }

  private:
    std::variant<Pending, Buffer, Error> state_;
};

// A resolved method; cheap to copy. Survives restarts of its provider.
class Method {
  public:
    Method() = default;
    explicit Method(const sw_method* raw) : raw_(raw) {}
    const sw_method* raw() const { return raw_; }

  private:
    const sw_method* raw_ = nullptr;
};

class Services {
  public:
    explicit Services(const Host& host)
        : host_(host.raw()), api_(host.find<sw_services_api>(SW_SERVICES)), log_(host.log()) {}

    Result<Method> resolve(std::string_view service, std::string_view method) const {
        ErrorSlot slot;
        const sw_method* raw = nullptr;
        const auto status = api_->resolve(host_, to_str(service), to_str(method), &raw, slot.get());
        if (status != SW_OK) return slot.take(status);
        return Method(raw);
    }

    // Calls `method`; `done(Result<Buffer>)` runs exactly once: inside this call where the answer
    // is there at once, else on context.home or the strand. Returns an id for cancel(), 0 where
    // done.
    template <class Done>
    std::uint64_t call(Method method, const Buffer& request, const sw_context& context,
                       Done done) const {
        std::uint64_t id = 0;
        const bool waits = detail::PendingReply<Done>::run(
            log_, std::move(done), [&](void* ctx, sw_buffer** reply, sw_error* error) {
                return api_->call(host_, method.raw(), request.get(), &context,
                                  &detail::PendingReply<Done>::on_reply, ctx, &id, reply, error);
            });
        return waits ? id : 0;
    }
    void cancel(std::uint64_t id) const { api_->cancel(host_, id); }

    // Offers a method: `handler` is callable as Answer(const Request&) and lives as long as the
    // plugin. Exceptions become INTERNAL.
    template <class Handler>
    Result<> offer(std::string_view service, std::string_view method, Handler handler) {
        auto kept = std::make_shared<Offer<Handler>>(Offer<Handler>{api_, std::move(handler)});
        ErrorSlot slot;
        const auto status = api_->offer(host_, to_str(service), to_str(method),
                                        &Offer<Handler>::serve, kept.get(), slot.get());
        if (status != SW_OK) return slot.take(status);
        offers_.push_back(std::move(kept));
        return ok();
    }

    const sw_services_api* api() const { return api_; }

  private:
    template <class Handler>
    struct Offer {
        const sw_services_api* api;
        Handler handler;
        static sw_status serve(void* ctx, const sw_request* raw, sw_buffer** reply,
                               sw_error* error) noexcept {
            auto* self = static_cast<Offer*>(ctx);
            return detail::guard(error, [&] {
                return Answer(self->handler(Request(self->api, raw))).finish(reply, error);
            });
        }
    };

    sw_host* host_;
    const sw_services_api* api_;
    Log log_;
    std::vector<std::shared_ptr<void>> offers_;
};

}  // namespace streamwall
