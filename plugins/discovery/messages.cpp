#include "messages.hpp"

#include <streamwall/contracts/messages.hpp>
#include <streamwall/contracts/record.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/records/input.hpp>
#include <streamwall/records/requests.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <cinttypes>
#include <cstdio>

namespace streamwall::discovery {
namespace {

namespace bj = boost::json;
namespace streams = contracts::streams;

constexpr std::size_t kMaxName = 255;  // characters

struct Body {
    std::string text, author, channel, place_hint;
};

Result<Body> read_message(std::string_view request, std::size_t max_bytes) {
    auto given = records::read_body(request, "message");
    if (!given) return std::move(given).error();
    records::FieldErrors errors;
    records::refuse_unknown(*given, request, {"text", "author", "channel", "place_hint"}, errors);
    Body out;
    const auto take = [&](std::string_view name, std::string& into, std::size_t most) {
        if (auto text = records::read_text(*given, name, most, errors)) into = std::move(*text);
    };
    take("text", out.text, max_bytes);
    take("author", out.author, kMaxName);
    take("channel", out.channel, kMaxName);
    take("place_hint", out.place_hint, kMaxName);
    if (errors.any()) return errors.error();
    if (out.text.find_first_not_of(" \t\r\n") == out.text.npos) {
        errors.add("text", "required", "must be given");
    } else if (out.text.size() > max_bytes) {
        errors.add("text", "too_long", "must have at most " + std::to_string(max_bytes) + " bytes");
    }
    if (errors.any()) return errors.error();
    return out;
}

bj::object result_of(std::string_view url, std::string_view outcome, std::string_view reason = {}) {
    bj::object out{{"url", url}, {"outcome", outcome}};
    if (!reason.empty()) out["reason"] = reason;
    out["sheets"] = false;  // no plugin writes to spreadsheets
    out["api"] = false;
    out["stream_id"] = nullptr;
    return out;
}

bj::object dropped(std::string_view url, Drop drop) {
    const bool is_ignored = drop == Drop::kIgnoredUser || drop == Drop::kIgnoredUrl;
    return result_of(url, is_ignored ? "ignored" : "refused",
                     kDropNames[static_cast<std::size_t>(drop)]);
}

bj::object taken(std::string_view url, std::string_view outcome, std::int64_t stream_id) {
    auto out = result_of(url, outcome);
    out["api"] = true;
    out["stream_id"] = stream_id;
    return out;
}

bj::object failed(std::string_view url, const Error& error) {
    return error.code == SW_INVALID_ARGUMENT ? result_of(url, "refused", "invalid")
                                             : result_of(url, "failed", "unavailable");
}

}  // namespace

std::string discovered_data(const FoundStream& stream, const MessageOrigin& origin,
                            std::int64_t stream_id) {
    json::Writer data;
    const auto text_or_null = [&](std::string_view name, std::string_view text) {
        if (text.empty()) {
            data.raw(name, "null");
        } else {
            data.text(name, text);
        }
    };
    const Place place = stream.place.value_or(Place{});
    data.text("url", stream.url);
    data.text("source", origin.source);
    data.text("user", origin.user);
    data.text("platform", model::platform_name(stream.platform));
    text_or_null("streamer", stream.streamer.value_or(""));
    text_or_null("city", place.city);
    text_or_null("state", place.state);
    text_or_null("country", place.country);
    data.text("message_id", origin.message_id);
    if (stream_id != 0) data.number("stream_id", stream_id);
    return data.take();
}

// One message until all that it names is settled.
struct Messages::Post {
    Post(const sw_context& of, Responder to)
        : context(records::on_strand(of)), responder(std::move(to)) {}

    Context context;
    Responder responder;
    std::string author;
    std::string message_id;
    std::vector<FoundStream> streams;
    std::vector<bool> repeated;
    bj::array results;
    std::size_t left = 0;  // not settled yet

    MessageOrigin origin() const {
        return {.source = contracts::messages::kSource, .user = author, .message_id = message_id};
    }
    void answer(std::size_t at, bj::object result) {
        results[at] = std::move(result);
        if (--left == 0) finish();
    }
    void finish() {
        responder.send(Buffer(bj::serialize(bj::object{{"results", std::move(results)}})));
    }
};

Result<> Messages::offer() {
    auto catalog = streams::Client::resolve(plugin_.services());
    if (!catalog) return std::move(catalog).error();
    catalog_ = std::move(*catalog);
    return plugin_.services().offer(contracts::messages::kService, contracts::messages::kPost,
                                    [this](const Request& request) { return answer(request); });
}

Answer Messages::answer(const Request& request) {
    const auto body = read_message(request.body(), parts_.max_message_bytes);
    if (!body) return body.error();
    const std::string sender =
        body->author.empty() ? std::string(to_view(request.context().principal_id)) : body->author;
    auto judged = parts_.intake.judge({.source = contracts::messages::kSource,
                                       .user = body->author,
                                       .user_id = sender,
                                       .text = body->text,
                                       .place_hint = body->place_hint},
                                      parts_.now());
    auto post = std::make_shared<Post>(request.context(), request.defer());
    char id[32];
    std::snprintf(id, sizeof id, "post-%016" PRIx64, static_cast<std::uint64_t>(random_()));
    post->message_id = id;
    post->author = body->author;
    post->streams = std::move(judged.streams);
    post->repeated = std::move(judged.repeated);
    post->left = post->streams.size() + 1;
    post->results.resize(post->streams.size());
    for (const auto& skipped : judged.skipped)
        post->results.push_back(
            result_of(skipped.text, "refused", model::skip_reason_name(skipped.reason)));
    for (std::size_t at = 0; at < post->streams.size(); ++at) {
        const auto drop = judged.drop ? judged.drop : judged.drops[at];
        if (drop)
            post->answer(at, dropped(post->streams[at].url, *drop));
        else
            settle(post, at);
    }
    if (--post->left == 0) post->finish();
    return pending;
}

// What went through lately is found, and not told once more; unless it went away without a word.
void Messages::settle(const std::shared_ptr<Post>& post, std::size_t at) {
    if (post->repeated[at]) return look_up(post, at);
    create(post, at);
}

void Messages::look_up(const std::shared_ptr<Post>& post, std::size_t at) {
    std::string url;
    json::append_string(url, post->streams[at].url);
    const streams::List list{
        .filters = {{.name = "url", .values_json = {url}}}, .limit = 1, .count = false};
    catalog_->list(list, post->context.raw(), [this, post, at](const Result<Buffer>& reply) {
        if (!reply) return post->answer(at, failed(post->streams[at].url, reply.error()));
        std::int64_t id = 0;
        json::scan_items(json::find_member(reply->view(), "records"),
                         [&](std::string_view record) { id = contracts::record_id(record); });
        if (id == 0) return create(post, at);
        post->answer(at, taken(post->streams[at].url, "known", id));
    });
}

void Messages::create(const std::shared_ptr<Post>& post, std::size_t at) {
    const auto data = discovered_data(post->streams[at], post->origin());
    catalog_->call(streams::Operation::kDiscover, json::Writer().raw("data", data).buffer(),
                   post->context.raw(),
                   [this, post, at](const Result<Buffer>& reply) { created(post, at, reply); });
}

void Messages::created(const std::shared_ptr<Post>& post, std::size_t at,
                       const Result<Buffer>& reply) {
    const auto& stream = post->streams[at];
    if (!reply) return post->answer(at, failed(stream.url, reply.error()));
    const auto id = json::to_integer(json::find_member(reply->view(), "stream_id")).value_or(0);
    const bool is_new = json::find_member(reply->view(), "created") == "true";
    parts_.announce(stream, post->origin(), id, post->context.raw());
    post->answer(at, taken(stream.url, is_new ? "created" : "known", id));
}

}  // namespace streamwall::discovery
