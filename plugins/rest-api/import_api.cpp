#include "import_api.hpp"

#include "item_splitter.hpp"
#include "openapi_parts.hpp"
#include "stream_request.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/sdk/context.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

namespace streamwall::rest_api {
namespace {

using contracts::streams::Client;

// As long as it likes to be: no more than a piece and an item of it are here.
constexpr std::size_t kBodyLimit = std::size_t{1} << 50;
constexpr std::size_t kAtOnce = 50;
constexpr std::size_t kMaxItem = 900 * 1024;
constexpr std::chrono::seconds kPartTime{30};

Problem no_list() {
    return {.status = 422,
            .code = "validation_failed",
            .detail = "streams must be an array.",
            .errors_json =
                R"([{"field":"streams","code":"invalid_type","message":"must be an array"}])"};
}

Problem cut_off() {
    return malformed_json("The body is no JSON document, or is cut off.");
}

Problem too_long() {
    return {.status = 413,
            .code = "too_large",
            .detail = "The item is longer than 900 KiB.",
            .errors_json = {}};
}

// Reads a piece of the body for each part of the answer, and makes the streams that were in it; so
// who goes away stops the import where it is, and sent again, it finds what it has made.
// Belongs to the connection's loop, one step at a time.
class Import : public std::enable_shared_from_this<Import> {
  public:
    Import(const Client& client, const Host& host, const http::Request& request, Call call,
           ItemSplitter::Form form, bool strict)
        : client_(client),
          host_(host),
          context_(request.context()),
          strict_(strict),
          path_(call.path()),
          body_(call.body()),
          call_(std::move(call)),
          splitter_(form, kMaxItem, [this](std::string text, bool is_too_long) {
              items_.push_back({std::move(text), is_too_long});
          }) {}

    // The answer begins with the first item: before, the whole may still be refused.
    void begin() {
        body_.read([self = shared_from_this()](std::string_view bytes, http::Body::State state) {
            self->take(bytes, state);
            if (self->is_lost_) return self->call_->fail(cut_off());
            if (!self->items_.empty() || self->has_ended_) return self->answer();
            self->begin();
        });
    }

    // Gives a part: what became of some items, or nothing yet.
    void next(http::Part part) {
        part_.emplace(std::move(part));
        if (!items_.empty() || has_ended_) return make_some();
        body_.read([self = shared_from_this()](std::string_view bytes, http::Body::State state) {
            self->take(bytes, state);
            if (self->is_lost_) return self->part_.reset();  // nobody reads the answer
            self->make_some();
        });
    }

  private:
    struct Item {
        std::string text;
        bool is_too_long = false;
    };
    class Source final : public http::Source {
      public:
        explicit Source(std::shared_ptr<Import> import) : import_(std::move(import)) {}
        void next(http::Part part) override { import_->next(std::move(part)); }

      private:
        const std::shared_ptr<Import> import_;
    };

    void take(std::string_view bytes, http::Body::State state) {
        splitter_.feed(bytes);
        is_lost_ = state == http::Body::State::kLost;
        if (state == http::Body::State::kLast) splitter_.finish();
        const auto found = splitter_.state();
        const bool is_wrong =
            found == ItemSplitter::State::kNoList || found == ItemSplitter::State::kMalformed;
        has_ended_ = is_wrong || state == http::Body::State::kLast;
        if (is_wrong) failure_ = found == ItemSplitter::State::kNoList ? no_list() : cut_off();
    }

    void answer() {
        if (items_.empty() && failure_) return call_->fail(*failure_);
        http::Response head(200);
        call_->stream(head.header("content-type", "application/x-ndjson"),
                      std::make_unique<Source>(shared_from_this()));
        call_.reset();
    }

    void make_some() {
        const auto count = std::min(kAtOnce, items_.size());
        lines_.assign(count, {});
        under_way_.assign(std::make_move_iterator(items_.begin()),
                          std::make_move_iterator(items_.begin() + static_cast<long>(count)));
        items_.erase(items_.begin(), items_.begin() + static_cast<long>(count));
        awaited_ = count + 1;
        for (std::size_t n = 0; n < count; ++n)
            create(index_++, under_way_[n], lines_[n]);
        one_is_settled();
    }

    void create(std::int64_t index, const Item& item, std::string& line) {
        if (item.is_too_long) return refuse(index, line, too_long());
        const auto parsed = json::parse_strict(item.text);
        if (!parsed) return refuse(index, line, malformed_json(parsed.error().message));
        if (!parsed->is_object())
            return refuse(index, line, to_problem(Error::invalid("an item is a JSON object")));
        const auto deadline =
            host_.monotonic_ns() +
            static_cast<std::uint64_t>(std::chrono::nanoseconds(kPartTime).count());
        const auto context = context_.with_deadline(deadline);
        client_.create({.body = trimmed(item.text), .strict = strict_}, context.raw(),
                       [self = shared_from_this(), index, &line](const Result<Buffer>& reply) {
                           if (!reply) return self->refuse(index, line, to_problem(reply.error()));
                           self->tell(index, line, reply->view());
                       });
    }

    void tell(std::int64_t index, std::string& line, std::string_view reply) {
        const bool is_new = json::find_member(reply, "created") == "true";
        ++(is_new ? created_ : known_);
        line = json::Writer()
                   .number("index", index)
                   .number("status", is_new ? 201 : 200)
                   .number("id", contracts::record_id(json::find_member(reply, "stream")))
                   .take();
        one_is_settled();
    }

    static std::string_view trimmed(std::string_view item) {
        const auto begin = item.find_first_not_of(" \t\r\n");
        return item.substr(begin, item.find_last_not_of(" \t\r\n") - begin + 1);
    }

    void refuse(std::int64_t index, std::string& line, const Problem& problem) {
        ++refused_;
        line = refusal(index, problem);
        one_is_settled();
    }

    std::string refusal(std::int64_t index, const Problem& problem) const {
        const auto id = to_view(context_.raw().request_id);
        return json::Writer()
            .number("index", index)
            .number("status", problem.status)
            .raw("error", render(problem, path_, id).view())
            .take();
    }

    void one_is_settled() {
        if (--awaited_ > 0) return;
        std::string out;
        for (const auto& line : lines_)
            out += line + '\n';
        const bool is_last = has_ended_ && items_.empty();
        if (is_last && failure_) out += refusal(index_, *failure_) + '\n';
        if (is_last) {
            out += json::Writer()
                       .boolean("done", !failure_)
                       .number("created", created_)
                       .number("known", known_)
                       .number("refused", refused_)
                       .take() +
                   '\n';
        }
        auto part = std::move(*part_);
        part_.reset();
        part.give(Buffer(out), is_last);
    }

    const Client& client_;
    const Host& host_;
    const Context context_;
    const bool strict_;
    const std::string path_;
    const http::Body body_;
    std::optional<Call> call_;  // until the answer begins
    ItemSplitter splitter_;
    std::deque<Item> items_;          // that have come and are not under way
    std::optional<Problem> failure_;  // of the document, behind those items
    bool has_ended_ = false;
    bool is_lost_ = false;
    // Of the part under way.
    std::optional<http::Part> part_;
    std::vector<Item> under_way_;
    std::vector<std::string> lines_;
    std::size_t awaited_ = 0;
    std::int64_t index_ = 0;
    std::int64_t created_ = 0;
    std::int64_t known_ = 0;
    std::int64_t refused_ = 0;
};

bool is_lines(std::string_view type) {
    return type.starts_with("application/x-ndjson") || type.starts_with("application/ndjson") ||
           type.starts_with("application/jsonl");
}

void import_streams(const Client& client, const Host& host, const http::Request& request,
                    Call call) {
    const bool lines = is_lines(request.header("content-type"));
    if (!lines) {
        if (const auto problem = check_type(request)) return call.fail(*problem);
    }
    const auto strict = flag_of(request.query(), "strict");
    if (!strict) return call.fail(strict.error());
    if (call.is_tapped()) {
        return call.fail({.status = 400,
                          .code = "not_repeatable",
                          .detail = "An import takes no Idempotency-Key: sent again, it finds what "
                                    "it has made.",
                          .errors_json = {}});
    }
    const auto form = lines ? ItemSplitter::Form::kLines : ItemSplitter::Form::kDocument;
    std::make_shared<Import>(client, host, request, std::move(call), form, *strict)->begin();
}

std::string describe() {
    return openapi::render({.id = "importStreams",
                            .summary = "Create many streams; a line of progress for each",
                            .tag = "streams",
                            .parameters = {openapi::strict_parameter()},
                            .body = "StreamImport",
                            .other_body_type = "application/x-ndjson",
                            .answer = {{"type", "string"}},
                            .answer_type = "application/x-ndjson",
                            .problems = {400, 401, 403, 413, 415, 422, 503}});
}

}  // namespace

void add_import_routes(Routes& routes, const Client& client, const Host& host,
                       const FeatureGate& gate) {
    routes.add({.method = "POST",
                .path = "/api/v1/streams/bulk_import",
                .access = SW_HTTP_EDITOR,
                .scope = "streams:write",
                .flags = SW_HTTP_STREAMED_BODY,
                .timeout_ms = 60'000,
                .body_limit = kBodyLimit,
                .openapi = describe()},
               [&client, &host, gate](const http::Request& request, Call call) {
                   constexpr auto kFlag = contracts::features::kStreamBulkImport;
                   if (!gate(kFlag, request.context())) return call.fail(feature_disabled(kFlag));
                   import_streams(client, host, request, std::move(call));
               });
}

}  // namespace streamwall::rest_api
