#include "texts.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::collaboration {

namespace {

namespace bj = boost::json;
constexpr std::string_view kTexts = "collaboration_texts";
constexpr std::string_view kOps = "collaboration_ops";
constexpr int kTries = 5;

std::optional<PastOp> from_record(const bj::object& record) {
    auto op = parse_text_op(record.at("op"));
    if (!op) return std::nullopt;
    return PastOp{records::number_at(record, "revision"), std::move(*op),
                  std::string(records::text_at(record, "author")),
                  std::string(records::text_at(record, "op_id")), records::number_at(record, "id")};
}

bj::object without_version(std::string_view collection, std::int64_t id) {
    return {{"op", "delete"}, {"collection", collection}, {"id", id}};
}

}  // namespace

Result<FittedEdit> fit(const TextState& state, const TextEdit& edit) {
    const auto missed = state.version - edit.version;
    if (missed < 0 || static_cast<std::size_t>(missed) > state.history.size()) {
        return Error{SW_OUT_OF_RANGE, "this version is not known any more", "version", {}};
    }
    FittedEdit out{edit.op, {}};
    const auto first = state.history.end() - static_cast<std::ptrdiff_t>(missed);
    for (auto past = first; past != state.history.end(); ++past)
        out.op = transform_text_op(out.op, past->op, Side::kLeft);
    auto content = apply_text_op(state.content, out.op);
    if (!content) return Error::invalid("the operation reaches beyond the text's end", "op");
    if (content->size() > Texts::kMaxBytes) return Error::invalid("the text is too long", "op");
    out.content = std::move(*content);
    return out;
}

// Beyond the limit those go that nobody writes: they are read again where they are asked for.
Texts::Text& Texts::text_of(const std::string& name) {
    if (texts_.size() >= kMaxLoaded && !texts_.contains(name)) {
        std::erase_if(texts_, [](const auto& each) { return each.second.waiting.empty(); });
    }
    return texts_[name];
}

void Texts::edit(const std::string& name, TextEdit edit,
                 std::function<void(Result<Applied>)> done) {
    auto& waiting = text_of(name).waiting;
    if (waiting.size() >= kMaxWaiting) {
        return done(Error{SW_RESOURCE_EXHAUSTED, "too many operations wait", {}, {}});
    }
    waiting.push_back({std::move(edit), std::move(done)});
    if (waiting.size() == 1) tasks_.start(drain(name));
}

Task<> Texts::drain(std::string name) {
    auto& waiting = texts_[name].waiting;  // it stays while somebody waits
    while (!waiting.empty()) {
        auto applied = co_await apply(name, waiting.front().edit);
        const auto done = std::move(waiting.front().done);
        done(std::move(applied));
        waiting.pop_front();
    }
}

Task<Result<Texts::Applied>> Texts::apply(std::string name, TextEdit edit) {
    for (int tries = 0; tries < kTries; ++tries) {
        auto loaded = co_await load(name);
        if (!loaded) co_return std::move(loaded).error();
        const auto& state = texts_[name].state;
        const auto known = std::ranges::find_if(state.history, [&](const PastOp& past) {
            return !edit.id.empty() && past.id == edit.id && past.author == edit.author;
        });
        if (known != state.history.end()) co_return Applied{*known, true};
        auto fitted = fit(state, edit);
        if (!fitted) co_return std::move(fitted).error();
        PastOp op{state.version + 1, std::move(fitted->op), edit.author, edit.id};
        auto saved = co_await save(name, op, std::move(fitted->content));
        if (saved) co_return Applied{texts_[name].state.history.back(), false};
        const bool is_beaten = saved.code() == SW_ABORTED || saved.code() == SW_ALREADY_EXISTS ||
                               saved.code() == SW_NOT_FOUND;
        if (!is_beaten) co_return std::move(saved).error();
        texts_[name].is_loaded = false;
    }
    co_return Error::unavailable("too many write this text at the same time");
}

Task<Result<>> Texts::load(std::string name) {
    if (text_of(name).is_loaded) co_return ok();
    auto record = co_await store_.find(kTexts, "name", name, plugin_.host().own_context());
    if (!record) co_return std::move(record).error();
    TextState state;
    std::int64_t id = 0, version = 0;
    if (*record) {
        id = records::number_at(**record, "id");
        version = records::number_at(**record, "version");
        state.version = records::number_at(**record, "revision");
        state.content = std::string(records::text_at(**record, "content"));
    }
    const bj::object mine{{"field", "text"}, {"op", "eq"}, {"value", name}};
    const bj::object newest{{"field", "revision"}, {"direction", "desc"}};
    bj::object request{{"collection", kOps}, {"limit", kKeptOps}};
    request["filter"] = mine;
    request["sort"] = bj::array{newest};
    auto page = co_await store_.query(std::move(request), plugin_.host().own_context());
    if (!page) co_return std::move(page).error();
    // Newest first; from where they fit the content without a gap.
    for (const auto& each : page->at("records").as_array()) {
        auto op = from_record(each.as_object());
        const auto wanted =
            state.history.empty() ? state.version : state.history.front().version - 1;
        if (!op || op->version > wanted) continue;
        if (op->version < wanted) break;
        state.history.push_front(std::move(*op));
    }
    auto& text = text_of(name);
    if (text.is_loaded) co_return ok();  // somebody else was faster, and may have gone on
    text.is_loaded = true;
    text.record_id = id;
    text.record_version = version;
    text.state = std::move(state);
    co_return ok();
}

Task<Result<>> Texts::save(std::string name, PastOp op, std::string content) {
    const auto& text = texts_[name];
    const bj::object set{{"name", name}, {"content", content}, {"revision", op.version}};
    bj::array changes;
    if (text.record_id == 0) {
        changes.push_back(records::change::insert(kTexts, set));
    } else {
        const bj::object key{{"id", text.record_id}, {"version", text.record_version}};
        changes.push_back(records::change::update(kTexts, key, set));
    }
    changes.push_back(records::change::insert(kOps, {{"text", name},
                                                     {"revision", op.version},
                                                     {"op", to_json(op.op)},
                                                     {"author", op.author},
                                                     {"op_id", op.id}}));
    const bool is_full = text.state.history.size() >= kKeptOps;
    if (is_full) changes.push_back(without_version(kOps, text.state.history.front().record_id));
    auto results = co_await store_.apply(std::move(changes), plugin_.host().own_context());
    if (!results) co_return std::move(results).error();
    auto& now = texts_[name];
    now.record_id = records::number_at(results->at(0).as_object(), "id");
    now.record_version = records::number_at(results->at(0).as_object(), "version");
    op.record_id = records::number_at(results->at(1).as_object(), "id");
    now.state.version = op.version;
    now.state.content = std::move(content);
    if (is_full) now.state.history.pop_front();
    now.state.history.push_back(std::move(op));
    co_return ok();
}

Task<Result<TextState>> Texts::read(std::string name) {
    auto loaded = co_await load(name);
    if (!loaded) co_return std::move(loaded).error();
    co_return texts_[name].state;
}

}  // namespace streamwall::collaboration
