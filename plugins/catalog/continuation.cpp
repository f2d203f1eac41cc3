#include "continuation.hpp"

#include "update_stream.hpp"

#include <streamwall/contracts/record.hpp>

namespace streamwall::catalog {
namespace {

boost::json::object taken_over(const boost::json::object& values) {
    boost::json::object out{{"archived", false}, {"url", values.at("url")}};
    const auto* status = values.if_contains("status");
    if (status != nullptr && *status != "unknown") out["status"] = *status;
    return out;
}

}  // namespace

void continue_stream(StreamRecords& records, const boost::json::object& values,
                     const sw_context& context, Reply reply) {
    const auto id = records.resting_stream(values);
    if (id == 0) return reply(stream_not_found());
    records.load(id, context,
                 [&records, id, taken = taken_over(values), context = Context(context),
                  reply = std::move(reply)](Result<Buffer> record) mutable {
                     records.resting().forget(id);
                     if (!record) return reply(std::move(record));
                     if (!contracts::glance_at_stream(record->view()).archived) {
                         return reply(stream_not_found());
                     }
                     const StreamTarget target{
                         .id = id, .versions = {{contracts::record_version(record->view())}}};
                     update_by_rule(
                         records, target, std::move(taken), context.raw(),
                         [reply = std::move(reply)](Result<Buffer> after) mutable {
                             // Somebody else has it, its URL, or has changed it.
                             const auto code = after.code();
                             if (code == SW_FAILED_PRECONDITION || code == SW_ALREADY_EXISTS) {
                                 return reply(stream_not_found());
                             }
                             reply(std::move(after));
                         });
                 });
}

}  // namespace streamwall::catalog
