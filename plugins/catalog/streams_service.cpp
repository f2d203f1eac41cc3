#include "streams_service.hpp"

#include "batch.hpp"
#include "create_stream.hpp"
#include "discovered.hpp"
#include "stream_filter.hpp"
#include "stream_history.hpp"
#include "update_stream.hpp"

namespace streamwall::catalog {
namespace {

using contracts::streams::Operation;

void create(StreamRecords& records, std::string_view request, const sw_context& context,
            Reply reply) {
    auto values = read_body(request, model::InputMode::kCreate);
    if (!values) return reply(std::move(values).error());
    create_stream(records, *values, context, std::move(reply));
}

void list(StreamRecords& records, std::string_view request, const sw_context& context,
          Reply reply) {
    auto query = to_stream_query(request);
    if (!query) return reply(std::move(query).error());
    if (auto hit = records.cached_list(*query)) return reply(std::move(hit));
    records.list(std::move(*query), context, std::move(reply));
}

void update(StreamRecords& records, StreamTarget target, std::string_view request,
            const sw_context& context, Reply reply) {
    auto values = read_body(request, update_mode(request));
    if (!values) return reply(std::move(values).error());
    update_stream(records, std::move(target), std::move(*values), Check::kRights, context,
                  std::move(reply));
}

boost::json::object flag(std::string_view name, bool value) {
    return {{name, value}};
}

boost::json::object flags_of(Operation operation) {
    switch (operation) {
        case Operation::kPin:
            return flag("pinned", true);
        case Operation::kUnpin:
            return flag("pinned", false);
        case Operation::kArchive:
            return flag("archived", true);
        default:
            return flag("archived", false);
    }
}

}  // namespace

std::optional<Result<Buffer>> serve_from_memory(StreamRecords& records, std::string_view request) {
    const auto id = json::to_integer(json::find_member(request, "id"));
    if (!id) return std::nullopt;
    return records.cached(*id);
}

Buffer list_from_memory(StreamRecords& records, std::string_view request) {
    const auto query = to_stream_query(request);
    return query ? records.cached_list(*query) : Buffer();
}

void serve(StreamRecords& records, Operation operation, std::string_view request,
           const sw_context& context, Reply reply) {
    if (operation == Operation::kCreate) return create(records, request, context, std::move(reply));
    if (operation == Operation::kList) return list(records, request, context, std::move(reply));
    if (operation == Operation::kBatch) {
        return update_batch(records, request, context, std::move(reply));
    }
    if (operation == Operation::kDiscover)
        return answer_discover(records, request, context, std::move(reply));
    auto target = read_target(request);
    if (!target) return reply(std::move(target).error());
    switch (operation) {
        case Operation::kGet:
            return records.load(target->id, context, std::move(reply));
        case Operation::kHistory:
            return read_history(records, request, context, std::move(reply));
        case Operation::kUpdate:
            return update(records, std::move(*target), request, context, std::move(reply));
        case Operation::kRemove:
            return remove_stream(records, std::move(*target), context, std::move(reply));
        default:
            return update_stream(records, std::move(*target), flags_of(operation), Check::kNone,
                                 context, std::move(reply));
    }
}

}  // namespace streamwall::catalog
