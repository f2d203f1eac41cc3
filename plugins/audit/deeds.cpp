#include "deeds.hpp"

#include <streamwall/contracts/audit.hpp>
#include <streamwall/sdk/json.hpp>

#include <algorithm>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;
namespace names = contracts::audit;
using records::text_at;

constexpr std::size_t kMaxText = 1000;

// The event of a deed, or nothing where the request is none.
Result<bj::object> event_of(const bj::object& request) {
    const auto action = text_at(request, "action");
    const auto id = text_at(request, "resource_id");
    const auto outcome = text_at(request, "outcome");
    if (std::ranges::find(names::kDeeds, action) == names::kDeeds.end()) {
        return Error::invalid("is no deed that is known", "action");
    }
    if (id.empty() || id.size() > kMaxText) return Error::invalid("says of what", "resource_id");
    if (std::ranges::find(names::kOutcomes, outcome) == names::kOutcomes.end()) {
        return Error::invalid("is no outcome", "outcome");
    }
    const auto resource = action.substr(0, action.find('.'));
    bj::object data{{resource, id}, {"outcome", outcome}};
    if (const auto error = text_at(request, "error"); !error.empty()) {
        data["error"] = error.substr(0, kMaxText);
    }
    const auto subject = std::string(resource).append("/").append(id);
    return records::change::event(action, subject, std::move(data));
}

}  // namespace

Task<Result<Buffer>> Deeds::note(std::string request, Context context) {
    if (!records::is_admin(context)) co_return records::not_admin();
    const auto parsed = json::parse_object(request);
    if (!parsed) co_return parsed.error();
    auto event = event_of(*parsed);
    if (!event) co_return std::move(event).error();
    bj::array changes;
    changes.push_back(std::move(*event));
    const auto done = co_await store_.apply(std::move(changes), std::move(context));
    if (!done) co_return done.error();
    co_return Buffer("{}");
}

}  // namespace streamwall::audit
