#include "repeats.hpp"

#include "seal.hpp"

#include <streamwall/contracts/store.hpp>
#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

namespace streamwall::rest_api {
namespace {

namespace store = contracts::store;
namespace bj = boost::json;

constexpr std::string_view kCollection = "repeated_requests";
constexpr std::string_view kDeclaration = R"({"collections":[{"name":"repeated_requests","fields":[
{"name":"key","type":"text"},{"name":"request","type":"text"},{"name":"node","type":"text"},
{"name":"process","type":"text"},{"name":"claimed_until","type":"integer","default":0},
{"name":"ends_at","type":"integer","default":0},{"name":"status","type":"integer","default":0},
{"name":"private","type":"boolean","default":false},{"name":"answer","type":"text"}],
"unique":[{"name":"key","fields":["key"]}],"indexes":[{"name":"ends_at","fields":["ends_at"]}]}]})";

constexpr std::size_t kLongestKey = 255;
constexpr std::size_t kLargestAnswer = 256 * 1024;
constexpr std::chrono::seconds kStoreTimeout{5};
constexpr std::chrono::seconds kClaimMargin{30};  // a handler may answer after its timeout
constexpr int kTries = 3;
constexpr std::int64_t kRemovedAtOnce = 500;

Problem bad_key() {
    return {.status = 400,
            .code = "invalid_idempotency_key",
            .detail = "Idempotency-Key must be one value of 1 to 255 visible ASCII characters.",
            .errors_json = {}};
}
Problem in_progress() {
    return {.status = 409,
            .code = "idempotency_in_progress",
            .detail = "The first request with this Idempotency-Key is still in progress.",
            .errors_json = {},
            .retry_after = 1};
}
Problem other_request() {
    return {.status = 422,
            .code = "idempotency_key_reused",
            .detail = "This Idempotency-Key was sent with another request.",
            .errors_json = R"([{"field":"Idempotency-Key","code":"reused",)"
                           R"("message":"was sent with another request"}])"};
}
Problem lost_answer(std::string_view why) {
    return {.status = 409,
            .code = "idempotent_answer_lost",
            .detail = "The request was carried out; its answer " + std::string(why),
            .errors_json = {}};
}
Problem too_many_keys() {
    return {.status = 503,
            .code = "too_many_idempotency_keys",
            .detail = "Too many requests with an Idempotency-Key in the last day.",
            .errors_json = {},
            .retry_after = 60};
}

// The header's value, without the quotes of a structured field; nothing where it is no key.
std::optional<std::string> key_of(const http::Request& request) {
    std::string_view key;
    for (std::size_t i = 0; i < request.raw().header_count; ++i) {
        const auto& header = request.raw().headers[i];
        if (to_view(header.name) != Repeats::kHeader) continue;
        if (!key.empty()) return std::nullopt;
        key = to_view(header.value);
        if (key.size() >= 2 && key.front() == '"' && key.back() == '"')
            key = key.substr(1, key.size() - 2);
        if (key.empty()) return std::nullopt;
    }
    const auto is_visible = [](char c) { return c > ' ' && c < '\x7F'; };
    if (key.size() > kLongestKey || !std::ranges::all_of(key, is_visible)) return std::nullopt;
    return std::string(key);
}

// Whether an answer tells that nothing was done, so that the key may be used again.
bool did_nothing(const http::Response& response) {
    if (response.status() < 500) return true;
    if (response.status() == 501 || response.status() == 507) return true;
    const auto code = json::to_plain_text(json::find_member(response.body(), "code"));
    return response.status() == 503 && (code == "unavailable" || code == "overloaded");
}

std::span<const sw_http_header> headers_of(http::Response& response) {
    const auto* raw = response.raw();
    return {raw->headers, raw->header_count};  // as long as the response
}

// "name: value" lines, an empty one, the body.
std::string to_text(http::Response& response) {
    std::string out;
    for (const auto& [name, value] : headers_of(response))
        out.append(to_view(name)).append(": ").append(to_view(value)).append("\n");
    return out.append("\n").append(response.body());
}

// The whole of an answer, on its own.
struct OwnedAnswer {
    explicit OwnedAnswer(http::Response& response)
        : status(response.status()), body(Buffer::share(response.raw()->body)) {
        for (const auto& [name, value] : headers_of(response))
            headers.emplace_back(to_view(name), to_view(value));
    }
    OwnedAnswer(int kept_status, std::string_view text) : status(kept_status) {
        for (auto end = text.find('\n'); end != text.npos && end > 0; end = text.find('\n')) {
            const auto line = text.substr(0, end);
            const auto colon = std::min(line.find(": "), line.size());
            headers.emplace_back(line.substr(0, colon),
                                 line.substr(std::min(colon + 2, line.size())));
            text.remove_prefix(end + 1);
        }
        if (text.size() > 1) body = Buffer(text.substr(1));
    }
    http::Response response() const {
        http::Response out(status, body);
        for (const auto& [name, value] : headers)
            out.header(name, value);
        return out;
    }

    int status;
    std::vector<std::pair<std::string, std::string>> headers;
    Buffer body;
};

std::int64_t number(std::string_view record, std::string_view name) {
    return json::to_integer(json::find_member(record, name)).value_or(0);
}
std::string text(std::string_view record, std::string_view name) {
    const auto value = json::parse(json::find_member(record, name));
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

// A request with a key, on its way.
struct Repeats::Attempt {
    Attempt(const http::Request& from, Call given, std::string idempotency_key)
        : request(from), call(std::move(given)), key(std::move(idempotency_key)) {
        const auto& who = from.context();
        key_digest = digest_of({to_view(who.principal_type), to_view(who.principal_id), key});
        // With the key, so that what was kept cannot be searched for bodies that can be guessed.
        request_digest = digest_of({key, from.method(), from.path(), from.query(), from.body()});
        private_secret = key + " " + std::string(from.header("authorization"));
    }
    void refuse(const Problem& problem) { call.fail(problem); }
    const sw_executor* home() const { return request.view().context().home; }

    KeptRequest request;
    Call call;
    const Handler* handler = nullptr;
    std::string key;
    std::string key_digest;
    std::string request_digest;
    std::string private_secret;
    std::chrono::milliseconds timeout{};
    int tries = 0;
};

// Adds the answer to the record of its key before the client sees it.
class Repeats::KeepAnswer final : public AnswerTap {
  public:
    KeepAnswer(Repeats& owner, AttemptPtr attempt, std::string_view record)
        : owner_(owner),
          attempt_(std::move(attempt)),
          id_(number(record, "id")),
          version_(number(record, "version")) {}

    void send(http::Exchange exchange, http::Response& response) override {
        const bool is_done = response.status() < 300;
        if (!is_done && !did_nothing(response)) return exchange.send(response);
        const auto change =
            is_done ? store::Changes().update(kCollection, id_, version_, kept_json(response))
                    : store::Changes().erase(kCollection, id_, version_);
        owner_.ask(owner_.apply_, change.buffer(), attempt_->home(),
                   [owner = &owner_, exchange = std::move(exchange),
                    answer = OwnedAnswer(response)](const Result<Buffer>& kept) mutable {
                       if (!kept) {
                           // What was done is done; only a repeat may find no answer.
                           owner->host_->log().warn("rest.repeat_not_kept", kept.error().message);
                       }
                       auto out = answer.response();
                       exchange.send(out);
                   });
    }

  private:
    std::string kept_json(http::Response& response) const {
        const bool is_private =
            response.header("cache-control").find("no-store") != std::string_view::npos;
        json::Writer set;
        set.number("status", response.status()).boolean("private", is_private);
        set.number("ends_at", owner_.host_->wall_ms() + owner_.options_.lifetime.count());
        if (response.body().size() <= kLargestAnswer) {
            const auto& secret = is_private ? attempt_->private_secret : attempt_->key;
            set.text("answer", seal(secret, to_text(response)));
        }
        return set.take();
    }

    Repeats& owner_;
    AttemptPtr attempt_;
    std::int64_t id_;
    std::int64_t version_;
};

Result<> Repeats::open(const Host& host, const Services& services, Options options) {
    host_ = &host;
    services_ = &services;
    options_ = std::move(options);
    for (const auto& [method, name] :
         {std::pair(&declare_, store::kDeclare), std::pair(&get_, store::kGet),
          std::pair(&query_, store::kQuery), std::pair(&apply_, store::kApply)}) {
        auto found = services.resolve(store::kService, name);
        if (!found) return std::move(found).error();
        *method = *found;
    }
    return ok();
}

template <class Then>
void Repeats::ask(const Method& method, Buffer body, const sw_executor* home, Then then) {
    const auto context = host_->own_context(kStoreTimeout).with_home(home);
    if (is_declared_.load(std::memory_order_acquire)) {
        services_->call(method, body, context.raw(), std::move(then));
        return;
    }
    services_->call(declare_, Buffer(kDeclaration), context.raw(),
                    [this, method, body = std::move(body), context,
                     then = std::move(then)](const Result<Buffer>& declared) mutable {
                        if (!declared) return then(Result<Buffer>(declared.error()));
                        is_declared_.store(true, std::memory_order_release);
                        services_->call(method, body, context.raw(), std::move(then));
                    });
}

void Repeats::run(const http::Request& request, Call call, const Handler& handler,
                  std::chrono::milliseconds timeout) {
    auto key = key_of(request);
    if (!key) return call.fail(bad_key());
    auto attempt = std::make_shared<Attempt>(request, std::move(call), std::move(*key));
    attempt->handler = &handler;
    attempt->timeout = timeout;
    // Known keys are answered all the same.
    if (is_full_.load(std::memory_order_relaxed)) return look(std::move(attempt));
    claim(std::move(attempt));
}

std::string Repeats::claim_json(const Attempt& attempt) const {
    const auto now = host_->wall_ms();
    const std::chrono::milliseconds claim = attempt.timeout + kClaimMargin;
    return json::Writer()
        .text("key", attempt.key_digest)
        .text("request", attempt.request_digest)
        .text("node", options_.node)
        .text("process", options_.process)
        .number("claimed_until", now + claim.count())
        .number("ends_at", now + options_.lifetime.count())
        .number("status", 0)
        .boolean("private", false)
        .raw("answer", "null")
        .take();
}

void Repeats::claim(AttemptPtr attempt) {
    auto insert = store::Changes().insert(kCollection, claim_json(*attempt)).buffer();
    auto* home = attempt->home();
    ask(apply_, std::move(insert), home,
        [this, attempt = std::move(attempt)](const Result<Buffer>& claimed) mutable {
            if (claimed) return carry_out(attempt, store::result_at(claimed->view(), 0));
            if (claimed.code() == SW_ALREADY_EXISTS) return look(std::move(attempt));
            attempt->refuse(to_problem(claimed.error()));
        });
}

void Repeats::look(AttemptPtr attempt) {
    if (++attempt->tries > kTries) return attempt->refuse(in_progress());
    const auto values = "[\"" + attempt->key_digest + "\"]";
    auto wanted = json::Writer()
                      .text("collection", kCollection)
                      .text("unique", "key")
                      .raw("values", values)
                      .buffer();
    auto* home = attempt->home();
    ask(get_, std::move(wanted), home,
        [this, attempt = std::move(attempt)](const Result<Buffer>& found) mutable {
            if (found) return decide(attempt, *found);
            if (found.code() != SW_NOT_FOUND) return attempt->refuse(to_problem(found.error()));
            if (is_full_.load(std::memory_order_relaxed)) return attempt->refuse(too_many_keys());
            claim(std::move(attempt));  // it was set free meanwhile
        });
}

bool Repeats::is_claimed(std::string_view record) const {
    if (host_->wall_ms() >= number(record, "claimed_until")) return false;
    return text(record, "node") != options_.node || text(record, "process") == options_.process;
}

void Repeats::decide(const AttemptPtr& attempt, const Buffer& found) {
    const auto record = found.view();
    const bool is_over = host_->wall_ms() >= number(record, "ends_at");
    if (is_over) return take_over(attempt, record);
    if (text(record, "request") != attempt->request_digest) return attempt->refuse(other_request());
    if (number(record, "status") != 0) return replay(*attempt, record);
    if (is_claimed(record)) return attempt->refuse(in_progress());
    take_over(attempt, record);
}

void Repeats::take_over(AttemptPtr attempt, std::string_view record) {
    auto update = store::Changes()
                      .update(kCollection, number(record, "id"), number(record, "version"),
                              claim_json(*attempt))
                      .buffer();
    auto* home = attempt->home();
    ask(apply_, std::move(update), home,
        [this, attempt = std::move(attempt)](const Result<Buffer>& taken) mutable {
            if (taken) return carry_out(attempt, store::result_at(taken->view(), 0));
            // Another repeat was faster, or the record is gone.
            if (taken.code() == SW_ABORTED || taken.code() == SW_NOT_FOUND)
                return look(std::move(attempt));
            attempt->refuse(to_problem(taken.error()));
        });
}

void Repeats::carry_out(const AttemptPtr& attempt, std::string_view record) {
    attempt->call.tap(std::make_unique<KeepAnswer>(*this, attempt, record));
    (*attempt->handler)(attempt->request.view(), std::move(attempt->call));
}

void Repeats::replay(Attempt& attempt, std::string_view record) const {
    const auto sealed = text(record, "answer");
    if (sealed.empty()) return attempt.refuse(lost_answer("was too large to be kept."));
    const bool is_private = json::find_member(record, "private") == "true";
    const auto kept = unseal(is_private ? attempt.private_secret : attempt.key, sealed);
    if (!kept) return attempt.refuse(lost_answer("was secret, and told to another token."));
    const OwnedAnswer answer(static_cast<int>(number(record, "status")), *kept);
    auto response = answer.response();
    attempt.call.send(response.header("idempotent-replayed", "true"));
}

void Repeats::clean_up() {
    const auto over = json::Writer()
                          .text("field", "ends_at")
                          .text("op", "lt")
                          .number("value", host_->wall_ms())
                          .take();
    auto wanted = json::Writer()
                      .text("collection", kCollection)
                      .raw("filter", over)
                      .raw("sort", R"([{"field":"ends_at","direction":"asc"}])")
                      .number("limit", kRemovedAtOnce)
                      .buffer();
    ask(query_, std::move(wanted), nullptr, [this](const Result<Buffer>& found) {
        if (!found) return;  // the next time
        store::Changes removed;
        std::int64_t count = 0;
        json::scan_items(json::find_member(found->view(), "records"), [&](std::string_view record) {
            removed.erase(kCollection, number(record, "id"), number(record, "version"));
            ++count;
        });
        if (count == 0) return count_keys();
        ask(apply_, removed.buffer(), nullptr, [this, count](const Result<Buffer>& done) {
            // Where another listener was faster it goes on instead.
            if (done && count == kRemovedAtOnce) return clean_up();
            count_keys();
        });
    });
}

void Repeats::count_keys() {
    auto wanted = json::Writer()
                      .text("collection", kCollection)
                      .boolean("count", true)
                      .number("limit", 1)
                      .buffer();
    ask(query_, std::move(wanted), nullptr, [this](const Result<Buffer>& found) {
        if (!found) return;
        const bool is_full = number(found->view(), "count") >= options_.most_keys;
        if (is_full_.exchange(is_full) == is_full) return;
        if (is_full) {
            host_->log().warn("rest.repeats_full", "no new Idempotency-Key is taken",
                              {{"most", options_.most_keys}});
        }
    });
}

}  // namespace streamwall::rest_api
