#include "journal_cursor.hpp"

#include <streamwall/contracts/store.hpp>
#include <streamwall/model/fields.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <utility>

namespace streamwall::rest_api {
namespace {

constexpr std::int64_t kPage = 200;
// Behind any event: the answer says where the journal ends.
constexpr std::int64_t kEnd = model::kMaxId;

std::int64_t number_of(std::string_view object, std::string_view name) {
    return json::to_integer(json::find_member(object, name)).value_or(0);
}

std::string id_of(const JournalPlace& place) {
    return place.epoch + ":" + std::to_string(place.sequence);
}

}  // namespace

bool is_about_users(std::string_view envelope) {
    const auto type = json::to_plain_text(json::find_member(envelope, "type")).value_or("");
    return type.starts_with("user.") || type.starts_with("api_key.");
}

Buffer JournalCursor::request() const {
    const auto start = wanted_ ? wanted_->sequence : kEnd;
    json::Writer out;
    out.number("after", has_begun_ ? place_.sequence : start).number("limit", kPage);
    if (!types_.empty()) out.raw("types", types_);
    return out.buffer();
}

bool JournalCursor::take(const Result<Buffer>& reply) {
    if (!reply && reply.code() == SW_OUT_OF_RANGE) {
        const auto& error = reply.error();
        // The epoch is learnt with the next answer; the journal is the same one until then.
        reset("trimmed", has_begun_ || !wanted_ ? place_.epoch : wanted_->epoch,
              contracts::store::detail_number(error, "first"),
              contracts::store::detail_number(error, "last"));
        return true;
    }
    if (!reply) return false;
    const auto page = reply->view();
    const auto epoch =
        std::string(json::to_plain_text(json::find_member(page, "epoch")).value_or(""));
    const auto last = number_of(page, "last");
    const auto known = has_begun_ ? place_ : wanted_ ? *wanted_ : JournalPlace{epoch, last};
    if (!std::exchange(has_begun_, true)) told_ = known;
    if (known.epoch != epoch || known.sequence > last) {
        reset(known.epoch != epoch ? "another_journal" : "ahead_of_journal", epoch,
              number_of(page, "first"), last);
        return true;
    }
    place_ = known;
    last_ = last;
    json::scan_items(json::find_member(page, "events"),
                     [&](std::string_view envelope) { add(envelope); });
    place_.sequence = std::max(place_.sequence, std::min(number_of(page, "through"), last));
    return true;
}

void JournalCursor::reset(std::string_view reason, std::string_view epoch, std::int64_t first,
                          std::int64_t last) {
    has_begun_ = true;
    place_ = {std::string(epoch), std::max<std::int64_t>(first - 1, 0)};
    last_ = std::max(last, place_.sequence);
    told_ = place_;
    const auto data = json::Writer().text("reason", reason).text("after", id_of(place_)).take();
    text_.append("id: ").append(id_of(place_)).append("\nevent: reset\ndata: ").append(data);
    text_ += "\n\n";
}

void JournalCursor::add(std::string_view envelope) {
    place_.sequence = number_of(envelope, "sequence");
    if (!shows_users_ && is_about_users(envelope)) return;
    told_ = place_;
    text_.append("id: ").append(id_of(place_)).append("\ndata: ").append(envelope).append("\n\n");
}

std::string JournalCursor::take_text() {
    return std::exchange(text_, {});
}

std::string JournalCursor::beat() {
    if (!has_begun_ || told_ == place_) return ":\n\n";
    told_ = place_;
    // Without data it is no event to the client, but what it asks for when it comes back.
    return "id: " + id_of(place_) + "\n\n";
}

}  // namespace streamwall::rest_api
