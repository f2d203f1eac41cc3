// Reading message by message.
#include "stream_reader.hpp"

#include <stdexcept>

namespace streamwall::jetstream::testing {
namespace {

void must(natsStatus status, const char* what) {
    if (status != NATS_OK) {
        throw std::runtime_error(std::string(what) + ": " + natsStatus_GetText(status));
    }
}

std::string header(natsMsg* message, const char* name) {
    const char* value = nullptr;
    return natsMsgHeader_Get(message, name, &value) == NATS_OK ? value : "";
}

}  // namespace

StreamReader::StreamReader(const std::string& url, std::string stream)
    : stream_(std::move(stream)) {
    must(natsConnection_ConnectTo(&connection_, url.c_str()), "connect");
    must(natsConnection_JetStream(&api_, connection_, nullptr), "JetStream");
}

StreamReader::~StreamReader() {
    jsCtx_Destroy(api_);
    natsConnection_Destroy(connection_);
}

jsStreamInfo* StreamReader::info() const {
    jsStreamInfo* out = nullptr;
    const auto status = js_GetStreamInfo(&out, api_, stream_.c_str(), nullptr, nullptr);
    return status == NATS_OK ? out : nullptr;
}

bool StreamReader::exists() const {
    auto* found = info();
    jsStreamInfo_Destroy(found);
    return found != nullptr;
}

std::uint64_t StreamReader::count() const {
    auto* found = info();
    const auto out = found != nullptr ? found->State.Msgs : 0;
    jsStreamInfo_Destroy(found);
    return out;
}

std::uint64_t StreamReader::next_place() const {
    auto* found = info();
    const auto out = found != nullptr ? found->State.LastSeq + 1 : 0;
    jsStreamInfo_Destroy(found);
    return out;
}

std::vector<Mirrored> StreamReader::all() const {
    std::vector<Mirrored> out;
    auto* found = info();
    if (found == nullptr) return out;
    for (auto place = found->State.FirstSeq; place <= found->State.LastSeq; ++place) {
        natsMsg* message = nullptr;
        if (js_GetMsg(&message, api_, stream_.c_str(), place, nullptr, nullptr) != NATS_OK) {
            continue;  // was removed
        }
        const auto sequence = header(message, "Streamwall-Sequence");
        out.push_back({natsMsg_GetSubject(message), header(message, "Nats-Msg-Id"),
                       header(message, "Streamwall-Epoch"),
                       sequence.empty() ? 0 : std::stoull(sequence),
                       std::string(natsMsg_GetData(message),
                                   static_cast<std::size_t>(natsMsg_GetDataLength(message)))});
        natsMsg_Destroy(message);
    }
    jsStreamInfo_Destroy(found);
    return out;
}

void StreamReader::make(const jsStreamConfig& config) {
    auto copy = config;
    jsStreamInfo* made = nullptr;
    must(js_AddStream(&made, api_, &copy, nullptr, nullptr), "make the stream");
    jsStreamInfo_Destroy(made);
}

void StreamReader::erase() {
    must(js_DeleteStream(api_, stream_.c_str(), nullptr, nullptr), "delete the stream");
}

void StreamReader::purge() {
    must(js_PurgeStream(api_, stream_.c_str(), nullptr, nullptr), "purge the stream");
}

void StreamReader::publish(const std::string& subject, const std::string& body) {
    must(js_Publish(nullptr, api_, subject.c_str(), body.data(), static_cast<int>(body.size()),
                    nullptr, nullptr),
         "publish");
}

}  // namespace streamwall::jetstream::testing
