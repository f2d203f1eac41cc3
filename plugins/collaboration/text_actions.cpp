// Texts: read as they are, or what one has missed; and operations on them.
#include "actions.hpp"

#include <boost/json.hpp>

#include <utility>

namespace streamwall::collaboration {

namespace {

namespace bj = boost::json;
constexpr std::size_t kMaxOpId = 64;
constexpr std::size_t kMaxOpsSent = 200;

}  // namespace

// With `version` what came behind it, as operations where they are known and few.
Result<> CollaborationChannel::open_text(const Asked& asked) {
    auto cell = read_cell(asked.data, asked.place);
    if (!cell) return std::move(cell).error();
    std::optional<std::int64_t> since;
    if (const auto* version = asked.data.if_contains("version")) {
        if (!version->is_int64() || version->get_int64() < 0) {
            return Error::invalid("version must be a whole number", "version");
        }
        since = version->get_int64();
    }
    tasks_.start(send_text(asked.member, *cell, text_name(asked.seat, *cell), since));
    return ok();
}

Task<> CollaborationChannel::send_text(std::string member, Cell cell, std::string name,
                                       std::optional<std::int64_t> since) {
    auto text = co_await texts_.read(name);
    if (!text) co_return send_error(member, text.error());
    Object out{{"version", text->version}};
    describe(cell, out);
    const auto missed = since ? text->version - *since : -1;
    const auto known = std::min(text->history.size(), kMaxOpsSent);
    if (missed < 0 || static_cast<std::size_t>(missed) > known) {
        out["action"] = "text";
        out["content"] = text->content;
        co_return send(member, out);
    }
    bj::array ops;
    for (auto past = text->history.end() - static_cast<std::ptrdiff_t>(missed);
         past != text->history.end(); ++past) {
        ops.push_back({{"version", past->version}, {"op", to_json(past->op)}, {"id", past->id}});
    }
    out["action"] = "text_ops";
    out["ops"] = std::move(ops);
    send(member, out);
}

Result<> CollaborationChannel::edit_text(const Asked& asked) {
    auto cell = read_cell(asked.data, asked.place);
    if (!cell) return std::move(cell).error();
    const auto* version = asked.data.if_contains("version");
    if (version == nullptr || !version->is_int64()) {
        return Error::invalid("version must be a whole number", "version");
    }
    const auto* given = asked.data.if_contains("op");
    auto op = given ? parse_text_op(*given) : std::nullopt;
    if (!op) return Error::invalid("op is no operation on a text", "op");
    const auto* id = asked.data.if_contains("id");
    if (id && (!id->is_string() || id->get_string().size() > kMaxOpId)) {
        return Error::invalid("id must be text of at most 64 bytes", "id");
    }
    TextEdit edit{version->get_int64(), std::move(*op), asked.seat.person.key(),
                  id ? std::string(id->get_string()) : std::string()};
    texts_.edit(text_name(asked.seat, *cell), std::move(edit),
                [this, member = asked.member, seat = asked.seat,
                 cell = *cell](const Result<Texts::Applied>& applied) {
                    Object answer{{"action", applied ? "text_ack" : "text_denied"}};
                    describe(cell, answer);
                    if (!applied) {
                        const bool is_old = applied.code() == SW_OUT_OF_RANGE;
                        answer["reason"] = is_old ? "version" : "invalid";
                        answer["message"] = applied.error().message;
                        return send(member, answer);
                    }
                    const auto& op = applied->op;
                    answer["version"] = op.version;
                    answer["id"] = op.id;
                    if (!applied->is_repeat) {
                        auto message = answer;
                        message["action"] = "text_op";
                        message["op"] = to_json(op.op);
                        describe(seat.person, message);
                        tell_text(seat, cell, message, member);
                    }
                    send(member, answer);
                });
    return ok();
}

}  // namespace streamwall::collaboration
