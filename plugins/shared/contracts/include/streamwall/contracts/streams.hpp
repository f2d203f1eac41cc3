// The service `catalog.streams`: names, requests as text, and a client.
//
//   get       {"id"}                                           → the record
//   list      {"filters":{name:[value…]},"sort","limit",…}     → the store's query reply
//   create    {"strict","stream":{body}}                       → {"created":bool,"stream":record}
//   update    {"id","versions","replace","strict","stream"}    → the record
//   remove, pin, unpin, archive, unarchive {"id","versions"}   → the record
//   batch     {"updates":[item…],"strict","atomic"}            → {"results":[result…]}
//   history   {"id","limit","offset","cursor"}                 → {"records":[entry…],"count",…}
//   analytics {"id","days"}                                    → {figures}
//   discover  {"data"}                                         → {"created":bool,"stream_id"}
//
// An item of a batch is a body with the `id` or, without one, the `url` of the stream that it
// changes. Results stand in the places of their items: {"stream":record}, {"id","version"} where
// the record would make the reply too long (get has it), or {"error":{"code","message","where",
// "details"}}. Items are carried out in their order as far as that matters, each for itself; with
// `atomic` all or nothing, named by what they were before the batch, and an error of the call says
// which item (`where` "updates[2].status") keeps them from it.
//
// `discover` takes the data of a stream.discovered before that is an event; the event then names
// the `stream_id`, and has no further effect.
//
// A body is what a client sent: fields and synonyms of a stream. `versions` are those the caller
// accepts (absent: any); else FAILED_PRECONDITION with details.version. INVALID_ARGUMENT names
// fields in details.errors; a body that is no JSON has details.code "malformed_json".
//
// The history is newest first; an entry is written with each change of the status and each way into
// and out of the archive: {"id","stream_id","previous_status","status","archived","reason",
// "changed_by":{"type","id","name"},"created_at",…}. `reason` is "rule" where the archive rule did
// it. Entries are kept for the catalog's setting history_for.
//
// Figures, all from recorded changes within the last `days`, as far as the stream is old and the
// history kept ("from", "to"): observed_seconds (the span), seconds_by_status (how much of it the
// stream had each status), live_share (live to observed; null for an empty span), status_changes,
// live_sessions (unbroken spans of live, one that goes on counts), longest_live_seconds, is_live.
#pragma once

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/services.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::contracts::streams {

inline constexpr std::string_view kService = "catalog.streams";
inline constexpr std::string_view kCollection = "streams";
inline constexpr std::string_view kMalformedJson = "malformed_json";

inline constexpr std::size_t kMaxBatch = 1000;
inline constexpr std::int64_t kMaxAnalyticsDays = 90;

enum class Operation {
    kGet,
    kList,
    kCreate,
    kUpdate,
    kRemove,
    kPin,
    kUnpin,
    kArchive,
    kUnarchive,
    kBatch,
    kHistory,
    kAnalytics,
    kDiscover
};
inline constexpr std::array<std::string_view, 13> kMethods = {
    "get",     "list",      "create", "update",  "remove",    "pin",     "unpin",
    "archive", "unarchive", "batch",  "history", "analytics", "discover"};
constexpr std::string_view method_name(Operation operation) {
    return kMethods[static_cast<std::size_t>(operation)];
}

inline Buffer get_request(std::int64_t id) {
    char text[32] = R"({"id":)";
    char* end = std::to_chars(text + 6, text + sizeof text - 1, id).ptr;
    *end++ = '}';
    return Buffer(std::string_view(text, static_cast<std::size_t>(end - text)));
}

// Versions a caller accepts; nothing: any.
using Versions = std::optional<std::vector<std::int64_t>>;

namespace detail {
inline void add_versions(json::Writer& writer, const Versions& versions) {
    if (!versions) return;
    std::string list = "[";
    for (const auto version : *versions) {
        if (list.size() > 1) list += ',';
        list += std::to_string(version);
    }
    writer.raw("versions", list + "]");
}
}  // namespace detail

// For remove, pin, unpin, archive and unarchive.
inline Buffer id_request(std::int64_t id, const Versions& versions = {}) {
    if (!versions) return get_request(id);
    json::Writer writer;
    writer.number("id", id);
    detail::add_versions(writer, versions);
    return writer.buffer();
}

struct Create {
    std::string_view body;  // one enclosed JSON object, see json::is_enclosed_object
    bool strict = false;

    Buffer request() const {
        return json::Writer().boolean("strict", strict).raw("stream", body).buffer();
    }
};

struct Update {
    std::int64_t id = 0;
    std::string_view body;  // as Create's
    Versions versions = {};
    bool replace = false;  // required fields must be there
    bool strict = false;

    Buffer request() const {
        json::Writer writer;
        writer.number("id", id).boolean("replace", replace).boolean("strict", strict);
        detail::add_versions(writer, versions);
        return writer.raw("stream", body).buffer();
    }
};

// One filter: the name of a stream's field, or one of not_status, since, updated_since, search.
// Several values mean any of them.
struct Filter {
    std::string name;
    std::vector<std::string> values_json;  // each a JSON scalar
};

// Archived streams are left out unless a filter names `archived`.
struct List {
    std::vector<Filter> filters = {};
    std::string sort = {};  // empty: pinned first, then newest
    bool descending = false;
    std::int64_t limit = 25;
    std::int64_t offset = 0;
    std::string cursor = {};
    bool count = true;

    Buffer request() const {
        std::string members = "{";
        for (const auto& filter : filters) {
            if (members.size() > 1) members += ',';
            json::append_string(members, filter.name);
            members += ":[";
            for (std::size_t i = 0; i < filter.values_json.size(); ++i) {
                if (i > 0) members += ',';
                members += filter.values_json[i];
            }
            members += ']';
        }
        json::Writer writer;
        writer.raw("filters", members + "}");
        if (!sort.empty()) writer.text("sort", sort).boolean("descending", descending);
        writer.number("limit", limit).number("offset", offset);
        if (!cursor.empty()) writer.text("cursor", cursor);
        return writer.boolean("count", count).buffer();
    }
};

// Calls by callback: `done(Result<Buffer>)`, see Services::call. Usable from any thread.
class Client {
  public:
    static Result<Client> resolve(const Services& services) {
        Client out(services);
        for (std::size_t i = 0; i < kMethods.size(); ++i) {
            auto method = services.resolve(kService, kMethods[i]);
            if (!method) return std::move(method).error();
            out.methods_[i] = *method;
        }
        return out;
    }
    template <class Done>
    std::uint64_t call(Operation operation, const Buffer& request, const sw_context& context,
                       Done done) const {
        return services_->call(methods_[static_cast<std::size_t>(operation)], request, context,
                               std::move(done));
    }
    template <class Done>
    std::uint64_t get(std::int64_t id, const sw_context& context, Done done) const {
        return call(Operation::kGet, get_request(id), context, std::move(done));
    }
    template <class Done>
    std::uint64_t list(const List& list, const sw_context& context, Done done) const {
        return call(Operation::kList, list.request(), context, std::move(done));
    }
    template <class Done>
    std::uint64_t create(const Create& create, const sw_context& context, Done done) const {
        return call(Operation::kCreate, create.request(), context, std::move(done));
    }
    template <class Done>
    std::uint64_t update(const Update& update, const sw_context& context, Done done) const {
        return call(Operation::kUpdate, update.request(), context, std::move(done));
    }

  private:
    explicit Client(const Services& services) : services_(&services) {}
    const Services* services_;
    std::array<Method, kMethods.size()> methods_{};
};

}  // namespace streamwall::contracts::streams
