// Talking to JetStream through libnats. Messages are published with a reply subject of our own:
// js_PublishAsync of libnats 3.4.1 tells of failures alone, and not where a message was stored.
#include "stream.hpp"

#include "nats/connection_options.hpp"
#include "subject.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace streamwall::jetstream {
namespace {

constexpr auto kEpochHeader = "Streamwall-Epoch";
constexpr auto kSequenceHeader = "Streamwall-Sequence";
// What the headers and the protocol add to an envelope, amply.
constexpr std::size_t kHeaderBytes = 1024;

using ClosedListener = std::function<void()>;

// The last call that libnats makes for a connection.
void on_connection_closed(natsConnection* /*raw*/, void* closure) {
    const std::unique_ptr<ClosedListener> listener(static_cast<ClosedListener*>(closure));
    (*listener)();
}

Error failed(const std::string& what, natsStatus status) {
    const auto code = status == NATS_TIMEOUT     ? SW_DEADLINE_EXCEEDED
                      : status == NATS_NOT_FOUND ? SW_NOT_FOUND
                                                 : SW_UNAVAILABLE;
    const auto why = status == NATS_NO_RESPONDERS ? "the server has no JetStream for this account"
                                                  : nats::last_nats_error(status);
    return {code, what + ": " + why, {}, {}};
}

struct MessageFree {
    void operator()(natsMsg* message) const { natsMsg_Destroy(message); }
};
using Message = std::unique_ptr<natsMsg, MessageFree>;

struct InfoFree {
    void operator()(jsStreamInfo* info) const { jsStreamInfo_Destroy(info); }
};
using Info = std::unique_ptr<jsStreamInfo, InfoFree>;

std::uint64_t to_number(std::string_view text) {
    std::uint64_t out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failed == std::errc{} && end == text.data() + text.size() ? out : 0;
}

std::int64_t to_nanoseconds(std::chrono::milliseconds time) {
    return std::chrono::nanoseconds(time).count();
}

}  // namespace

Result<std::unique_ptr<Stream>> Stream::connect(const nats::Options& options,
                                                const nats::ServerUrl& server,
                                                std::chrono::milliseconds request_timeout,
                                                StreamSettings settings,
                                                std::function<void()> on_closed) {
    auto made = nats::make_nats_options(options, server);
    if (!made) return made.error();
    // Written by the flusher in few large pieces; only requests wait for it.
    natsOptions_SetSendAsap(made->get(), false);
    auto listener = std::make_unique<ClosedListener>(std::move(on_closed));
    natsOptions_SetClosedCB(made->get(), &on_connection_closed, listener.get());
    std::unique_ptr<Stream> out(new Stream(std::move(settings)));
    const auto status = natsConnection_Connect(&out->connection_, made->get());
    if (status != NATS_OK) return failed(server.text(), status);
    static_cast<void>(listener.release());  // until on_connection_closed()
    if (auto begun = out->begin(request_timeout); !begun) return begun.error();
    return out;
}

Result<> Stream::begin(std::chrono::milliseconds request_timeout) {
    max_payload_ = static_cast<std::size_t>(natsConnection_GetMaxPayload(connection_));
    jsOptions options;
    auto status = jsOptions_Init(&options);
    options.Wait = request_timeout.count();
    if (status == NATS_OK) status = natsConnection_JetStream(&api_, connection_, &options);
    natsInbox* inbox = nullptr;
    if (status == NATS_OK) status = natsInbox_Create(&inbox);
    if (status == NATS_OK) {
        inbox_ = std::string(inbox) + ".";
        natsInbox_Destroy(inbox);
        status = natsConnection_SubscribeSync(&answers_, connection_, (inbox_ + "*").c_str());
    }
    if (status != NATS_OK) return failed("cannot use the connection", status);
    return ok();
}

Stream::~Stream() {
    natsSubscription_Destroy(answers_);
    jsCtx_Destroy(api_);
    if (connection_ == nullptr) return;
    natsConnection_Close(connection_);
    natsConnection_Destroy(connection_);
}

// ---- the stream itself ----

Result<StreamState> Stream::open() {
    auto state = look();
    if (state || state.code() != SW_NOT_FOUND) return state;
    if (auto made = make(); !made) return made.error();
    return look();
}

Result<> Stream::make() {
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    const auto subject = settings_.prefix + ".>";
    const char* subjects[] = {subject.c_str()};
    config.Name = settings_.name.c_str();
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Replicas = settings_.replicas;
    config.MaxAge = to_nanoseconds(settings_.max_age);
    if (settings_.max_bytes > 0) config.MaxBytes = settings_.max_bytes;
    config.Duplicates = to_nanoseconds(settings_.duplicate_window);
    jsStreamInfo* info = nullptr;
    jsErrCode code{};
    const auto status = js_AddStream(&info, api_, &config, nullptr, &code);
    jsStreamInfo_Destroy(info);
    if (status != NATS_OK) return failed("cannot make the stream " + settings_.name, status);
    return ok();
}

Result<StreamState> Stream::look() {
    jsStreamInfo* raw = nullptr;
    jsErrCode code{};
    const auto status = js_GetStreamInfo(&raw, api_, settings_.name.c_str(), nullptr, &code);
    const Info info(raw);
    if (status == NATS_NOT_FOUND || code == JSStreamNotFoundErr) {
        return Error::not_found("there is no stream " + settings_.name);
    }
    if (status != NATS_OK) return failed("cannot see the stream " + settings_.name, status);
    if (info->Config->Retention != js_LimitsPolicy) {
        return Error{SW_FAILED_PRECONDITION,
                     "the stream " + settings_.name +
                         " removes messages that were read; a mirror needs retention: limits",
                     {},
                     {}};
    }
    return state_of(*info);
}

StreamState Stream::state_of(const jsStreamInfo& info) const {
    const auto limit = [](std::int64_t value) {
        return value > 0 ? static_cast<std::uint64_t>(value) : 0;
    };
    StreamState out;
    out.created = info.Created;
    out.first = info.State.FirstSeq;
    out.last = info.State.LastSeq;
    out.messages = info.State.Msgs;
    out.bytes = info.State.Bytes;
    out.last_time = info.State.LastTime;
    out.max_age = std::chrono::nanoseconds(info.Config->MaxAge);
    out.max_messages = limit(info.Config->MaxMsgs);
    out.max_bytes = limit(info.Config->MaxBytes);
    out.differs = differences(*info.Config);
    return out;
}

std::string Stream::differences(const jsStreamConfig& config) const {
    const std::pair<const char*, bool> compared[] = {
        {"replicas", config.Replicas == settings_.replicas},
        {"max_age", config.MaxAge == to_nanoseconds(settings_.max_age)},
        {"max_bytes", std::max<std::int64_t>(config.MaxBytes, 0) == settings_.max_bytes},
        {"duplicate_window", config.Duplicates == to_nanoseconds(settings_.duplicate_window)}};
    std::string out;
    for (const auto& [name, is_same] : compared) {
        if (!is_same) out += (out.empty() ? "" : ", ") + std::string(name);
    }
    return out;
}

Result<std::uint64_t> Stream::last_sequence(const std::string& epoch) {
    const auto pattern = journal_pattern(settings_.prefix, epoch);
    natsMsg* raw = nullptr;
    jsErrCode code{};
    const auto status =
        js_GetLastMsg(&raw, api_, settings_.name.c_str(), pattern.c_str(), nullptr, &code);
    const Message message(raw);
    if (status == NATS_NOT_FOUND && code != JSStreamNotFoundErr) return std::uint64_t{0};
    if (status != NATS_OK) return failed("cannot read the stream's last event", status);
    const char* sequence = nullptr;
    natsMsgHeader_Get(message.get(), kSequenceHeader, &sequence);
    return to_number(sequence != nullptr ? sequence : "");
}

// ---- messages ----

bool Stream::fits(const JournalEvent& event) const {
    return event.envelope.size() + kHeaderBytes <= max_payload_;
}

Result<> Stream::send(const Window::Ticket& ticket, const std::string& epoch,
                      const JournalEvent& event, const std::string& previous) {
    const auto subject = event_subject(settings_.prefix, epoch, event.type);
    const auto reply = inbox_ + std::to_string(ticket.token);
    natsMsg* raw = nullptr;
    auto status = natsMsg_Create(&raw, subject.c_str(), reply.c_str(), event.envelope.data(),
                                 static_cast<int>(event.envelope.size()));
    const Message message(raw);
    const std::pair<const char*, std::string> headers[] = {
        {"Nats-Msg-Id", std::string(event.id)},
        {"Nats-Expected-Stream", settings_.name},
        {"Nats-Expected-Last-Sequence", std::to_string(ticket.expected)},
        {kEpochHeader, epoch},
        {kSequenceHeader, std::to_string(event.sequence)}};
    for (const auto& [name, value] : headers) {
        if (status == NATS_OK) status = natsMsgHeader_Set(raw, name, value.c_str());
    }
    if (status == NATS_OK && !previous.empty()) {
        status = natsMsgHeader_Set(raw, "Nats-Expected-Last-Msg-Id", previous.c_str());
    }
    if (status == NATS_OK) status = natsConnection_PublishMsg(connection_, raw);
    if (status != NATS_OK) return failed("cannot send", status);
    return ok();
}

Result<std::optional<Stream::Answer>> Stream::next_answer(std::chrono::milliseconds wait) {
    natsMsg* raw = nullptr;
    const auto status = natsSubscription_NextMsg(&raw, answers_, wait.count());
    const Message message(raw);
    if (status == NATS_TIMEOUT) return std::optional<Answer>();
    if (status == NATS_NO_RESPONDERS) {
        return Error::not_found("no stream takes the subjects " + settings_.prefix + ".>");
    }
    if (status != NATS_OK) return failed("the connection was lost", status);
    const std::string_view subject = natsMsg_GetSubject(raw);
    const auto token = to_number(subject.substr(subject.rfind('.') + 1));
    const std::string_view text(natsMsg_GetData(raw),
                                static_cast<std::size_t>(natsMsg_GetDataLength(raw)));
    return std::optional(Answer{token, parse_ack(text)});
}

}  // namespace streamwall::jetstream
