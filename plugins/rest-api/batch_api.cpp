#include "batch_api.hpp"

#include "openapi_streams.hpp"
#include "stream_request.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/sdk/context.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace streamwall::rest_api {
namespace {

using contracts::streams::Client;
using contracts::streams::kMaxBatch;
using contracts::streams::Operation;

constexpr std::size_t kBodyLimit = std::size_t{16} << 20;
constexpr std::uint32_t kTimeoutMs = 60'000;
// A message between services holds 1 MiB: a batch goes in parts, an item that is longer not at all.
constexpr std::size_t kMaxPart = 256 * 1024;
constexpr std::size_t kMaxPartItems = 100;
constexpr std::size_t kMaxItem = 900 * 1024;

Problem too_large(std::string_view what) {
    return {.status = 413,
            .code = "too_large",
            .detail = std::string(what) + " is longer than 900 KiB.",
            .errors_json = {}};
}

// The texts of the items of a well-formed body.
std::expected<std::vector<std::string_view>, Problem> items_of(std::string_view body,
                                                               const boost::json::value& parsed,
                                                               bool strict) {
    std::string_view list = body;
    if (const auto* object = parsed.if_object()) {
        const auto* updates = object->if_contains("updates");
        if (updates == nullptr) {
            return std::unexpected(invalid_field("updates", "required", "must be given"));
        }
        if (!updates->is_array()) {
            return std::unexpected(invalid_field("updates", "invalid_type", "must be an array"));
        }
        for (const auto& [name, value] : *object) {
            if (!strict || name == "updates") continue;
            return std::unexpected(
                invalid_field(name, "unknown_field", "is not a field of a batch"));
        }
        list = json::find_member(body, "updates");
    } else if (!parsed.is_array()) {
        return std::unexpected(invalid_field("updates", "invalid_type", "must be an array"));
    }
    std::vector<std::string_view> out;
    json::scan_items(list, [&](std::string_view item) { out.push_back(item); });
    if (out.size() > kMaxBatch) {
        return std::unexpected(
            invalid_field("updates", "too_many", "takes at most 1,000 items in one batch"));
    }
    return out;
}

// One batch on its way: part after part, then the records that were left out, then the answer. On
// the loop of its connection.
class BatchRun : public std::enable_shared_from_this<BatchRun> {
  public:
    BatchRun(const Client& client, const http::Request& request, Call call, bool strict,
             bool atomic)
        : client_(client),
          body_(request.body()),
          context_(request.context()),
          call_(std::move(call)),
          strict_(strict),
          atomic_(atomic) {}

    void start() {
        const auto parsed = json::parse_strict(body_);
        if (!parsed) return call_.fail(malformed_json(parsed.error().message));
        auto items = items_of(body_, *parsed, strict_);
        if (!items) return call_.fail(items.error());
        items_ = std::move(*items);
        if (atomic_ && body_.size() > kMaxItem) return call_.fail(too_large("An atomic batch"));
        results_.resize(items_.size());
        next();
    }

  private:
    struct Answer {
        int status = 200;
        std::string stream;  // or, where it is refused, the problem
        std::int64_t id = 0;
    };

    void next() {
        while (at_ < items_.size() && items_[at_].size() > kMaxItem)
            refuse(results_[at_++], too_large("The item"));
        if (at_ == items_.size()) return answer();
        const auto request = next_part();
        client_.call(Operation::kBatch, request, context_.raw(),
                     [self = shared_from_this()](Result<Buffer> reply) {
                         if (!reply) return self->failed(reply.error());
                         self->took(reply->view());
                     });
    }

    Buffer next_part() {
        std::string list = "[";
        part_end_ = at_;
        while (part_end_ < items_.size() && (atomic_ || has_room(list))) {
            if (list.size() > 1) list += ',';
            list += items_[part_end_++];
        }
        json::Writer out;
        out.boolean("strict", strict_).boolean("atomic", atomic_);
        return out.raw("updates", list + "]").buffer();
    }

    bool has_room(std::string_view list) const {
        const auto& item = items_[part_end_];
        if (item.size() > kMaxItem) return false;
        return part_end_ == at_ ||
               (part_end_ - at_ < kMaxPartItems && list.size() + item.size() <= kMaxPart);
    }

    void failed(const Error& error) {
        const auto problem = to_problem(error);
        if (at_ == 0) return call_.fail(problem);
        // What is done is done; the others have not been tried, or nobody knows.
        for (; at_ < items_.size(); ++at_)
            refuse(results_[at_], problem);
        answer();
    }

    void took(std::string_view reply) {
        std::vector<std::size_t> missing;
        json::scan_items(json::find_open_member(reply, "results"), [&](std::string_view result) {
            if (at_ == part_end_) return false;
            take(results_[at_], result);
            if (results_[at_].id != 0) missing.push_back(at_);
            ++at_;
            return true;
        });
        if (at_ != part_end_) return failed(Error::internal("a batch's reply is too short"));
        fetch(missing);
    }

    void take(Answer& into, std::string_view result) {
        json::scan_members(result, [&](std::string_view name, std::string_view value) {
            if (name == "stream") into.stream = value;
            if (name == "id") into.id = json::to_integer(value).value_or(0);
            if (name == "error") refuse(into, to_problem(read_error(value)));
            return true;
        });
        if (into.id != 0) into.stream = result;
    }

    static Error read_error(std::string_view text) {
        Error out;
        const auto parsed = json::parse_object(text);
        if (!parsed) return Error::internal("a batch's reply holds a malformed error");
        out.code = static_cast<sw_status>(parsed->at("code").to_number<int>());
        out.message = parsed->at("message").as_string();
        out.details = json::find_member(text, "details");
        return out;
    }

    void refuse(Answer& into, const Problem& problem) const {
        into.status = problem.status;
        const auto id = to_view(context_.raw().request_id);
        into.stream = render(problem, call_.path(), id).view();
    }

    // Records that did not fit into the reply. Who is gone meanwhile keeps its id and version.
    void fetch(const std::vector<std::size_t>& missing) {
        awaited_ = missing.size() + 1;
        for (const auto place : missing) {
            client_.get(results_[place].id, context_.raw(),
                        [self = shared_from_this(), place](Result<Buffer> record) {
                            if (record) self->results_[place].stream = record->view();
                            self->fetched();
                        });
        }
        fetched();
    }
    void fetched() {
        if (--awaited_ == 0) next();
    }

    void answer() {
        bool all_done = true;
        std::string out = R"({"results":[)";
        for (std::size_t index = 0; index < results_.size(); ++index) {
            const auto& [status, stream, id] = results_[index];
            all_done = all_done && status == 200;
            if (index > 0) out += ',';
            json::Writer result(std::move(out));
            result.number("index", static_cast<std::int64_t>(index)).number("status", status);
            out = result.raw(status == 200 ? "stream" : "error", stream).take();
        }
        http::Response response(all_done ? 200 : 207, Buffer(out + "]}"));
        call_.send(response.header("content-type", kJsonType));
    }

    const Client& client_;
    std::string body_;
    Context context_;
    Call call_;
    bool strict_;
    bool atomic_;
    std::vector<std::string_view> items_;  // of body_
    std::vector<Answer> results_;
    std::size_t at_ = 0;
    std::size_t part_end_ = 0;
    std::size_t awaited_ = 0;
};

void batch(const Client& client, const http::Request& request, Call call) {
    if (const auto problem = check_type(request)) return call.fail(*problem);
    const auto strict = flag_of(request.query(), "strict");
    if (!strict) return call.fail(strict.error());
    const auto atomic = flag_of(request.query(), "atomic");
    if (!atomic) return call.fail(atomic.error());
    std::make_shared<BatchRun>(client, request, std::move(call), *strict, *atomic)->start();
}

}  // namespace

void add_batch_routes(Routes& routes, const Client& client) {
    for (const std::string method : {"PATCH", "POST"}) {
        routes.add({.method = method,
                    .path = "/api/v1/streams/batch",
                    .access = SW_HTTP_EDITOR,
                    .scope = std::string(kChangeScopes),
                    .timeout_ms = kTimeoutMs,
                    .body_limit = kBodyLimit,
                    .openapi = openapi::batch_streams(method == "POST")},
                   [&client](const http::Request& request, Call call) {
                       batch(client, request, std::move(call));
                   });
    }
}

}  // namespace streamwall::rest_api
