// Where a back end meets the plugin boundary: calls that come in, and commits that are announced.
// For the plugin.cpp of back ends; the rest of this folder knows nothing of the host.
#pragma once

#include <streamwall/bus.h>

#include <deque>
#include <memory>
#include <span>
#include <streamwall/sdk/plugin.hpp>
#include <string>
#include <utility>
#include <vector>

#include "storage-sql/call.hpp"
#include "storage-sql/time_text.hpp"

namespace streamwall::storage {

inline streamwall::Error to_sdk(Error error) {
    return {static_cast<sw_status>(error.code), std::move(error.message), std::move(error.where),
            std::move(error.details)};
}

inline int to_sdk(Health health) {
    switch (health) {
        case Health::kOk:
            return SW_HEALTH_OK;
        case Health::kDegraded:
            return SW_HEALTH_DEGRADED;
        default:
            return SW_HEALTH_DOWN;
    }
}

inline streamwall::Result<Buffer> to_reply(Answer answer) {
    if (answer) return Buffer(*answer);
    return to_sdk(std::move(answer).error());
}

inline Origin origin_of(const sw_context& context) {
    const auto text = [](sw_str from) { return std::string(to_view(from)); };
    return {text(context.principal_type), text(context.principal_id),
            text(context.principal_name), text(context.role),
            text(context.scopes),         text(context.request_id),
            text(context.traceparent),    text(context.correlation_id),
            text(context.causation_id),   text(context.caller)};
}

class HostCall final : public Call {
  public:
    explicit HostCall(Responder responder) : responder_(std::move(responder)) {}
    bool abandoned() const override { return responder_.is_cancelled(); }
    void answer(Answer answer) override { responder_.send(to_reply(std::move(answer))); }

  private:
    Responder responder_;
};

// Turns committed events into those of the boundary. One thread at a time.
class Announcer {
  public:
    void operator()(sw_host* host, const sw_journal_api* api,
                    std::span<const CommittedEvent> committed) {
        const std::size_t count = committed.size();
        events_.assign(count, {});
        contexts_.assign(count, {});
        times_.clear();
        data_.assign(count, {});
        for (std::size_t i = 0; i < count; ++i) {
            const auto& [event, origin] = committed[i];
            data_[i] = Buffer(event.data);
            // Events of one commit have one time.
            if (i == 0 || event.timestamp_ms != committed[i - 1].event.timestamp_ms) {
                times_.push_back(time_text(event.timestamp_ms));
            }
            contexts_[i] = context_of(event, *origin);
            events_[i] = {.size = sizeof(sw_event),
                          .attempt = 1,
                          .id = to_str(event.id),
                          .type = to_str(event.type),
                          .version = to_str(event.version),
                          .timestamp = to_str(times_.back()),
                          .producer = to_str(event.producer),
                          .subject = to_str(event.subject),
                          .sequence = static_cast<std::uint64_t>(event.sequence),
                          .epoch = to_str(event.epoch),
                          .data = data_[i].get(),
                          .changes = to_str(event.changes),
                          .context = &contexts_[i],
                          .cause = to_str(origin->causation_id)};
        }
        api->committed(host, events_.data(), count);
        data_.clear();
    }

  private:
    static sw_context context_of(const Event& event, const Origin& origin) {
        return {.size = sizeof(sw_context),
                .reserved = 0,
                .principal_type = to_str(origin.principal_type),
                .principal_id = to_str(origin.principal_id),
                .principal_name = to_str(origin.principal_name),
                .role = to_str(origin.role),
                .scopes = to_str(origin.scopes),
                .request_id = to_str(origin.request_id),
                .traceparent = to_str(origin.traceparent),
                .correlation_id = to_str(origin.correlation_id),
                .causation_id = to_str(event.id),
                .caller = to_str(origin.producer),
                .deadline_ns = 0,
                .home = nullptr};
    }

    std::vector<sw_event> events_;
    std::vector<sw_context> contexts_;
    std::deque<std::string> times_;
    std::vector<Buffer> data_;
};

}  // namespace streamwall::storage
