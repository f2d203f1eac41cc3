#include "import_api.hpp"

#include "openapi_parts.hpp"
#include "stream_request.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/sdk/context.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <vector>

namespace streamwall::rest_api {
namespace {

using contracts::streams::Client;

constexpr std::size_t kBodyLimit = std::size_t{64} << 20;
// A JSON document is checked as a whole before anything is made; lines are, one by one.
constexpr std::size_t kJsonLimit = std::size_t{16} << 20;
constexpr std::size_t kAtOnce = 50;
constexpr std::size_t kMaxItem = 900 * 1024;
constexpr std::chrono::seconds kPartTime{30};

// Makes some streams for each part that the client asks for by reading, so who goes away stops the
// import where it is; sent again, it finds what it has made.
class ImportSource final : public http::Source {
  public:
    ImportSource(const Client& client, const Host& host, const sw_context& context, bool strict,
                 std::string path)
        : client_(client),
          host_(host),
          context_(context),
          strict_(strict),
          path_(std::move(path)) {}

    void take_lines(std::string_view body) {
        body_ = body;
        for (std::string_view rest = body_; !rest.empty();) {
            const auto end = std::min(rest.find('\n'), rest.size());
            const auto line = rest.substr(0, end);
            if (line.find_first_not_of(" \t\r") != line.npos) items_.push_back(line);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    // Of a well-formed array, or of an object with one.
    void take_list(std::string_view body, bool is_object) {
        body_ = body;
        const std::string_view list =
            is_object ? json::find_member(body_, "streams") : std::string_view(body_);
        json::scan_items(list, [this](std::string_view item) { items_.push_back(item); });
    }

    // It lives until the part is given.
    void next(http::Part part) override {
        const auto end = std::min(at_ + kAtOnce, items_.size());
        const auto begin = std::exchange(at_, end);
        lines_.assign(end - begin, {});
        part_.emplace(std::move(part));
        awaited_ = end - begin + 1;
        for (auto index = begin; index < end; ++index)
            create(index, lines_[index - begin]);
        created();
    }

  private:
    void create(std::size_t index, std::string& line) {
        const auto item = items_[index];
        if (item.size() > kMaxItem) {
            return refuse(index, line,
                          {.status = 413,
                           .code = "too_large",
                           .detail = "The item is longer than 900 KiB.",
                           .errors_json = {}});
        }
        const auto parsed = json::parse_strict(item);
        if (!parsed) return refuse(index, line, malformed_json(parsed.error().message));
        if (!parsed->is_object()) {
            return refuse(index, line, to_problem(Error::invalid("an item is a JSON object")));
        }
        const auto deadline =
            host_.monotonic_ns() +
            static_cast<std::uint64_t>(std::chrono::nanoseconds(kPartTime).count());
        const auto context = context_.with_deadline(deadline);
        client_.create({.body = trimmed(item), .strict = strict_}, context.raw(),
                       [this, index, &line](Result<Buffer> reply) {
                           if (!reply) return refuse(index, line, to_problem(reply.error()));
                           const bool is_new =
                               json::find_member(reply->view(), "created") == "true";
                           ++(is_new ? created_ : known_);
                           const auto record = json::find_member(reply->view(), "stream");
                           line = json::Writer()
                                      .number("index", static_cast<std::int64_t>(index))
                                      .number("status", is_new ? 201 : 200)
                                      .number("id", contracts::record_id(record))
                                      .take();
                           created();
                       });
    }

    static std::string_view trimmed(std::string_view item) {
        const auto begin = item.find_first_not_of(" \t\r\n");
        return item.substr(begin, item.find_last_not_of(" \t\r\n") - begin + 1);
    }

    void refuse(std::size_t index, std::string& line, const Problem& problem) {
        ++refused_;
        const auto id = to_view(context_.raw().request_id);
        line = json::Writer()
                   .number("index", static_cast<std::int64_t>(index))
                   .number("status", problem.status)
                   .raw("error", render(problem, path_, id).view())
                   .take();
        created();
    }

    void created() {
        if (--awaited_ > 0) return;
        std::string out;
        for (const auto& line : lines_)
            out += line + '\n';
        const bool is_last = at_ == items_.size();
        if (is_last) {
            out += json::Writer()
                       .boolean("done", true)
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
    Context context_;
    bool strict_;
    std::string path_;
    std::string body_;
    std::vector<std::string_view> items_;  // of body_
    std::size_t at_ = 0;
    // Of the part under way, on the connection's loop.
    std::optional<http::Part> part_;
    std::vector<std::string> lines_;
    std::size_t awaited_ = 0;
    std::int64_t created_ = 0;
    std::int64_t known_ = 0;
    std::int64_t refused_ = 0;
};

bool is_lines(std::string_view type) {
    return type.starts_with("application/x-ndjson") || type.starts_with("application/ndjson") ||
           type.starts_with("application/jsonl");
}

std::optional<Problem> take_document(ImportSource& source, std::string_view body) {
    if (body.size() > kJsonLimit) {
        return Problem{.status = 413,
                       .code = "too_large",
                       .detail = "A JSON document is at most 16 MiB; send lines (NDJSON) instead.",
                       .errors_json = {}};
    }
    const auto parsed = json::parse_strict(body);
    if (!parsed) return malformed_json(parsed.error().message);
    const auto* object = parsed->if_object();
    const auto* list = object == nullptr ? &*parsed : object->if_contains("streams");
    if (list == nullptr || !list->is_array()) {
        return Problem{
            .status = 422,
            .code = "validation_failed",
            .detail = "streams must be an array.",
            .errors_json =
                R"([{"field":"streams","code":"invalid_type","message":"must be an array"}])"};
    }
    source.take_list(body, object != nullptr);
    return std::nullopt;
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
    auto source = std::make_unique<ImportSource>(client, host, request.context(), *strict,
                                                 std::string(call.path()));
    if (lines) {
        source->take_lines(request.body());
    } else if (const auto problem = take_document(*source, request.body())) {
        return call.fail(*problem);
    }
    http::Response head(200);
    call.stream(head.header("content-type", "application/x-ndjson"), std::move(source));
}

std::string describe() {
    return openapi::render({.id = "importStreams",
                            .summary = "Create many streams; a line of progress for each",
                            .tag = "streams",
                            .parameters = {openapi::strict_parameter()},
                            .body = "StreamImport",
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
