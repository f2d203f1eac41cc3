// One HTTP/1.1 connection: reads requests, one at a time and in order, and writes their answers.
// Belongs to its loop's thread.
//
// An idle connection is this object and its socket: bytes live in the loop's read buffer, answers
// in an Output borrowed from the loop, a request in `inbound_` only while its body is under way.
#pragma once

#include "chunked.hpp"
#include "exchange.hpp"
#include "loop.hpp"
#include "worker.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::http_server {

class HttpSession final : public Session {
  public:
    HttpSession(Worker& worker, Socket socket, PeerAddress peer);
    ~HttpSession() override;

    void start();
    void on_readable() override;
    void on_writable() override;
    void on_deadline() override;
    void on_drain() override;
    void on_stop() override;
    std::size_t memory() const override { return sizeof *this + Socket::kMemory; }
    void on_unmount(const sw_lease* lease) override;
    // Breaks an answer in parts; a client whose credentials are still good asks again.
    void on_credentials_changed(const PrincipalId& who) override;
    const Opener* opener() const override;

    // The plugin's answer, on the loop. `lines` are finished header lines.
    void complete(sw_http_exchange& exchange, int status, std::string_view lines, BufferRef body);

    // The plugin's answer in parts, on the loop. The caller ends the exchange after the last one,
    // or where there are none (false).
    bool begin_stream(sw_http_exchange& exchange, int status, std::string_view lines);
    void add_part(BufferRef bytes, bool is_last);
    // Ends the exchange, too.
    void break_stream() { finish(); }

    // The plugin asks for the next piece of a body that comes in pieces, on the loop.
    void want_body();

  private:
    enum class Phase : std::uint8_t {
        kHead,
        kVerifying,  // somebody is asked about the token of the head that waits in pending_
        kBody,
        kHandling,
        kStreaming,
        kLingering,
        kClosed,
    };

    // A request whose body comes in several reads.
    struct PendingBody {
        Inbound request;
        std::string body;
        std::optional<ChunkDecoder> chunks;
        std::uint64_t left = 0;  // to come, where it is not chunked
        Time started;
        std::uint64_t received = 0;
        // Of one that is handed on in pieces.
        bool is_streamed = false;
        bool is_wanted = false;  // a piece is asked for
        bool is_lost = false;
        Time wanted_since;
        Clock::duration waited{};  // for pieces so far
    };
    struct Taken {
        std::size_t used = 0;
        bool done = false;
    };

    // Whom the request comes from, in front of all proxies.
    const PeerAddress& client_of(const Inbound& request) const {
        return request.client ? *request.client : peer_;
    }

    // Whether that one speaks TLS.
    bool is_secure(const Inbound& request) const;

    // Reading.
    void receive(char* data, std::size_t length);
    std::size_t consume(char* data, std::size_t length);
    std::size_t take_head(char* data, std::size_t length);
    std::size_t begin_request(char* data, std::size_t head, std::size_t length);
    void await_verdict(std::string token);
    void verified(std::uint32_t question, Verdict verdict);
    void hold_request(std::string_view head);
    void await_body(std::string_view head, bool body_began);
    std::size_t take_body(std::string_view input);
    static std::expected<Taken, Refusal> decode(PendingBody& in, std::string_view input);
    void open_body(std::string_view head, bool body_began);
    void feed_body();
    // The exchange that is told, where it waits for a piece; it may answer from inside this.
    void lose_body(sw_http_exchange* exchange);
    void refuse(Inbound& request, const Refusal& refusal, bool close);
    void refuse_unread(const Refusal& refusal);

    // Handling.
    void dispatch(Inbound& request, std::string_view body, char* rest, std::size_t rest_length);
    void call_handler(Inbound& request, sw_http_request& view);
    void upgrade(Inbound& request, sw_http_request& view, char* rest, std::size_t rest_length);
    void answer_options(Inbound& request);

    // Writing.
    void write_answer(const Answer& answer, int status, std::string_view lines,
                      std::string_view body, BufferRef* shared = nullptr);
    std::optional<std::string> compress(const Answer& answer, int status, std::string_view body,
                                        std::string& lines);
    void ask_for_part();
    void end_of_parts(const Answer& answer);
    void leave_stream();
    bool route_is_of(const sw_lease* lease) const;
    void pump();
    void settle();
    void linger();
    void finish();
    void arm();
    Output& output();

    Worker& worker_;
    Socket socket_;
    PeerAddress peer_;
    const bool is_proxied_;
    std::string pending_;  // read but not consumed
    std::unique_ptr<Output> out_;
    std::shared_ptr<PendingBody> inbound_;
    sw_http_exchange* exchange_ = nullptr;
    HeadScanner scanner_;
    std::optional<Verdict> verdict_;  // of the head that is read next
    std::uint32_t questions_ = 0;     // asked about tokens; an answer to an older one is late
    Time phase_deadline_ = Time::max();
    Time write_deadline_ = Time::max();
    Time body_deadline_ = Time::max();  // of the piece that is asked for
    Phase phase_ = Phase::kHead;
    bool head_begun_ = false;  // bytes of a request have come
    bool closing_ = false;     // nothing is read any more; close once all is written
    bool blocked_ = false;     // the socket takes no more; a wait is on
    bool waiting_read_ = false;
    bool consuming_ = false;  // answers given now come from inside consume()
    bool has_more_ = false;   // pending_ may hold a whole request
};

}  // namespace streamwall::http_server
