#include "export_api.hpp"

#include "csv.hpp"
#include "list_query.hpp"
#include "openapi_parts.hpp"
#include "query_string.hpp"

#include <streamwall/sdk/context.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <optional>

namespace streamwall::rest_api {
namespace {

using contracts::streams::Client;
using contracts::streams::List;

constexpr std::int64_t kPage = 500;
constexpr std::chrono::seconds kPageTime{30};

struct Format {
    std::string_view name;
    std::string_view type;
    std::string_view file;
};
constexpr Format kFormats[] = {
    {"json", "application/json", "attachment; filename=\"streams.json\""},
    {"csv", "text/csv; charset=utf-8", "attachment; filename=\"streams.csv\""},
    {"ndjson", "application/x-ndjson", "attachment; filename=\"streams.ndjson\""},
};

// Walks over the streams in the order of their creation, page by page.
class ExportSource final : public http::Source {
  public:
    ExportSource(const Client& client, const Host& host, const sw_context& context, List list,
                 const Format& format)
        : client_(client),
          host_(host),
          context_(context),
          list_(std::move(list)),
          format_(format) {}

    // It lives until the part is given.
    void next(http::Part part) override {
        const auto deadline =
            host_.monotonic_ns() +
            static_cast<std::uint64_t>(std::chrono::nanoseconds(kPageTime).count());
        const auto context = context_.with_deadline(deadline);
        client_.list(list_, context.raw(),
                     [this, part = std::move(part)](Result<Buffer> page) mutable {
                         if (page) give(page->view(), std::move(part));
                     });
    }

  private:
    void give(std::string_view page, http::Part part) {
        const auto records = json::find_member(page, "records");
        const auto cursor = json::to_plain_text(json::find_member(page, "next_cursor"));
        const bool is_last = !cursor || cursor->empty();
        std::string out = is_first_ ? opening() : std::string();
        is_first_ = false;
        json::scan_items(records, [&](std::string_view record) { add(out, record); });
        if (is_last && format_.name == "json") out += "]}";
        if (!is_last) list_.cursor = *cursor;
        part.give(Buffer(out), is_last);
    }
    std::string opening() const {
        if (format_.name == "csv") return csv_head();
        return format_.name == "json" ? R"({"streams":[)" : "";
    }
    void add(std::string& out, std::string_view record) {
        if (format_.name == "csv") return append_csv_row(out, record);
        if (format_.name == "json" && has_records_) out += ',';
        has_records_ = true;
        out += record;
        if (format_.name == "ndjson") out += '\n';
    }

    const Client& client_;
    const Host& host_;
    Context context_;
    List list_;
    const Format& format_;
    bool is_first_ = true;
    bool has_records_ = false;
};

struct ExportQuery {
    const Format* format = &kFormats[0];
    List list;
};

Problem wrong_parameter(std::string_view name, std::string_view message) {
    const auto error = json::Writer()
                           .text("field", name)
                           .text("code", "invalid_value")
                           .text("message", message)
                           .take();
    return invalid_query("[" + error + "]", std::string(name) + " " + std::string(message) + ".");
}

// The filters of a list, and the format. All pages are exported, so none can be asked for.
std::expected<ExportQuery, Problem> read_query(std::string_view query) {
    ExportQuery out;
    std::string filters;
    const auto parameters = parse_query(query);
    if (!parameters) return std::unexpected(invalid_query({}, "The query is malformed."));
    for (const auto& parameter : *parameters) {
        const auto& name = parameter.name;
        if (name == "page" || name == "per_page" || name == "cursor") {
            return std::unexpected(wrong_parameter(name, "is not a parameter of an export"));
        }
        if (name == "format") {
            const auto* known = std::ranges::find(kFormats, parameter.value, &Format::name);
            if (known == std::end(kFormats)) {
                return std::unexpected(wrong_parameter("format", "must be json, csv or ndjson"));
            }
            out.format = known;
            continue;
        }
        if (!filters.empty()) filters += '&';
        filters += parameter.raw;
    }
    auto list = parse_list_query(filters);
    if (!list) return std::unexpected(std::move(list.error()));
    out.list = std::move(list->list);
    if (out.list.sort.empty()) out.list.sort = "created_at";
    out.list.limit = kPage;
    out.list.count = false;
    return out;
}

void export_streams(const Client& client, const Host& host, const http::Request& request,
                    Call call) {
    auto query = read_query(request.query());
    if (!query) return call.fail(query.error());
    const auto& format = *query->format;
    auto source = std::make_unique<ExportSource>(client, host, request.context(),
                                                 std::move(query->list), format);
    http::Response head(200);
    head.header("content-type", format.type).header("content-disposition", format.file);
    call.stream(head.header("cache-control", "no-store"), std::move(source));
}

std::string describe() {
    return openapi::render(
        {.id = "exportStreams",
         .summary = "All streams that the filters of the list let through",
         .tag = "streams",
         .parameters = {openapi::query_parameter("format", "json (default), csv or ndjson.")},
         .answer = openapi::object_schema(
             {{"streams", openapi::list_schema(openapi::reference("Stream"))}}, {"streams"}),
         .other_types = {"text/csv", "application/x-ndjson"},
         .problems = {400, 401, 403, 503}});
}

}  // namespace

void add_export_routes(Routes& routes, const Client& client, const Host& host,
                       const FeatureGate& gate) {
    routes.add({.method = "GET",
                .path = "/api/v1/streams/export",
                .access = SW_HTTP_EDITOR,
                .scope = "streams:read",
                .timeout_ms = 60'000,
                .openapi = describe()},
               [&client, &host, gate](const http::Request& request, Call call) {
                   constexpr auto kFlag = contracts::features::kStreamExport;
                   if (!gate(kFlag, request.context())) return call.fail(feature_disabled(kFlag));
                   export_streams(client, host, request, std::move(call));
               });
}

}  // namespace streamwall::rest_api
