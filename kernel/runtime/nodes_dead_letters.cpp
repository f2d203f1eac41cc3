// `kernel.nodes`: events that subscriptions gave up, of every journal.
#include "bus/envelope.hpp"
#include "runtime/nodes_service.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::runtime {

namespace json = boost::json;

namespace {

constexpr std::int64_t kUsualLimit = 100;
constexpr std::int64_t kMaxLimit = 1000;  // as the journal's own

std::int64_t number_of(const json::object& from, std::string_view name, std::int64_t otherwise) {
    const auto* found = from.if_contains(name);
    return found && found->is_int64() ? found->get_int64() : otherwise;
}

// The reply of the journal's `dead_letters`.
struct Letters {
    json::array list;
    std::int64_t count = 0;
};

std::expected<Letters, Failure> read_letters(const std::expected<std::string, Failure>& reply) {
    if (!reply) return std::unexpected(reply.error());
    boost::system::error_code malformed;
    auto value = json::parse(*reply, malformed);
    auto* object = value.if_object();
    auto* list = object ? object->if_contains("dead_letters") : nullptr;
    if (malformed || !list || !list->is_array())
        return std::unexpected(Failure::of(SW_DATA_LOSS, "a list of dead letters is unreadable"));
    return Letters{std::move(list->get_array()), number_of(*object, "count", 0)};
}

Failure no_such_letter(std::int64_t id) {
    return Failure::of(SW_NOT_FOUND, fmt::format("there is no dead letter {}", id));
}

// What the subscription made of it must not look like a failure of this service.
Failure kept(std::string message) {
    auto failure = Failure::of(SW_ABORTED, std::move(message));
    failure.details = R"({"code":"order_failed"})";
    return failure;
}

}  // namespace

// A page that grows until it is as long as asked for, or there are no more.
struct NodesService::LetterPage {
    std::int64_t after = 0, offset = 0, limit = kUsualLimit, count = 0;
    json::array list;
    json::array unreachable;          // of all nodes: those that could not be asked
    std::vector<std::string> to_ask;  // of all nodes: the next one is the last
    Done done;

    static std::shared_ptr<LetterPage> make(const RequestPtr& request, Done done) {
        auto page = std::make_shared<LetterPage>();
        page->after = std::max<std::int64_t>(number_of(request->body, "after", 0), 0);
        page->offset = std::max<std::int64_t>(number_of(request->body, "offset", 0), 0);
        page->limit =
            std::clamp<std::int64_t>(number_of(request->body, "limit", kUsualLimit), 1, kMaxLimit);
        page->done = std::move(done);
        return page;
    }
    std::int64_t left() const { return limit - static_cast<std::int64_t>(list.size()); }
    void finish(bool of_all) {
        json::object reply{{"dead_letters", std::move(list)}, {"count", count}};
        if (of_all) reply["unreachable"] = std::move(unreachable);
        done(std::move(reply));
    }
};

std::shared_ptr<NodesService::Request> NodesService::Request::with(std::string method_of,
                                                                   json::object body_of) const {
    auto out = std::make_shared<Request>();
    out->method = std::move(method_of);
    out->raw = BufferRef(json::serialize(body_of));
    out->body = std::move(body_of);
    out->context = ContextCopy(context.raw());
    return out;
}

void NodesService::dead_letters(const RequestPtr& request, Done done) {
    const auto method = request->method;
    if (method == "dead_letters") {
        if (!request->text("node").empty())
            return own_letters(LetterPage::make(request, std::move(done)));
        auto page = LetterPage::make(request, std::move(done));
        for (const auto& host : other_nodes())
            page->to_ask.insert(page->to_ask.begin(), host.node);
        page->to_ask.push_back(local_.node);
        return letters_of_all(request, page);
    }
    if (method == "redeliver") return redeliver(request, std::move(done));
    const auto id = number_of(request->body, "id", 0);
    if (id < 1) {
        return done(std::unexpected(Failure::of(SW_INVALID_ARGUMENT, "give 'id', from 1 on")));
    }
    if (method == "dead_letter") return find_letter(id, std::move(done));
    if (method == "dead_letter_retry") return retry_letter(request, id, std::move(done));
    log_order(request, id);
    take_letter(id, std::move(done));
}

void NodesService::own_letters(const std::shared_ptr<LetterPage>& page) {
    const json::object ask{
        {"after", page->after}, {"offset", page->offset}, {"limit", page->left()}};
    local_.journal->call(
        party_, "dead_letters", json::serialize(ask),
        [this, page](const std::expected<std::string, Failure>& reply) {
            auto found = read_letters(reply);
            if (!found) {
                // Many nodes publish nothing durable, so that they need no journal.
                if (found.error().code == SW_UNAVAILABLE && !local_.keeps_journal())
                    return page->finish(false);
                return page->done(std::unexpected(kept(found.error().message)));
            }
            page->count = found->count;
            page->offset = 0;
            for (auto& value : found->list) {
                auto& letter = value.as_object();
                page->after = number_of(letter, "id", page->after);
                letter["node"] = local_.node;
                // What is large is shown one by one.
                if (auto* event = letter.if_contains("event"); event && event->is_object())
                    event->get_object().erase("data");
                page->list.push_back(std::move(value));
            }
            // The journal ends a reply that grows too long.
            if (!found->list.empty() && page->left() > 0 &&
                static_cast<std::int64_t>(page->list.size()) < page->count)
                return own_letters(page);
            page->finish(false);
        });
}

// One node after the other: how far a page reaches into the next one's is known only then.
void NodesService::letters_of_all(const RequestPtr& request,
                                  const std::shared_ptr<LetterPage>& page) {
    if (page->to_ask.empty()) return page->finish(true);
    const auto node = page->to_ask.back();
    page->to_ask.pop_back();
    const json::object ask{{"node", node},
                           {"offset", page->offset},
                           {"limit", std::max<std::int64_t>(page->left(), 1)}};
    auto took = [this, request, page, node](std::expected<json::value, Failure> answer) {
        if (!answer) {
            page->unreachable.emplace_back(node);
            return letters_of_all(request, page);
        }
        auto& reply = answer->as_object();
        const auto count = number_of(reply, "count", 0);
        for (auto& letter : reply["dead_letters"].as_array()) {
            if (page->left() > 0) page->list.push_back(std::move(letter));
        }
        page->count += count;
        page->offset = std::max<std::int64_t>(page->offset - count, 0);
        letters_of_all(request, page);
    };
    auto part = request->with(request->method, ask);
    if (node == local_.node) return own_letters(LetterPage::make(part, std::move(took)));
    part->context = impatient(request->context.raw());
    forward(node, part, std::move(took));
}

void NodesService::find_letter(std::int64_t id, Done done) {
    const json::object ask{{"after", id - 1}, {"limit", 1}};
    local_.journal->call(
        party_, "dead_letters", json::serialize(ask),
        [this, id, done = std::move(done)](const std::expected<std::string, Failure>& reply) {
            auto found = read_letters(reply);
            if (!found && found.error().code == SW_UNAVAILABLE && !local_.keeps_journal())
                return done(std::unexpected(no_such_letter(id)));
            if (!found) return done(std::unexpected(kept(found.error().message)));
            if (found->list.empty() || number_of(found->list[0].as_object(), "id", 0) != id)
                return done(std::unexpected(no_such_letter(id)));
            found->list[0].as_object()["node"] = local_.node;
            done(std::move(found->list[0]));
        });
}

void NodesService::take_letter(std::int64_t id, Done done) {
    local_.journal->call(
        party_, "dead_letter_take", json::serialize(json::object{{"id", id}}),
        [this, id, done = std::move(done)](const std::expected<std::string, Failure>& reply) {
            if (reply) return done(json::object{{"id", id}, {"node", local_.node}});
            if (reply.error().code == SW_NOT_FOUND || !local_.keeps_journal())
                return done(std::unexpected(no_such_letter(id)));
            done(std::unexpected(kept(reply.error().message)));
        });
}

void NodesService::log_order(const RequestPtr& request, std::int64_t id) {
    log_.info("control.order", "kernel", "an operator gave an order",
              {{"order", request->method}, {"id", id}, {"by", request->principal()}});
}

void NodesService::retry_letter(const RequestPtr& request, std::int64_t id, Done done) {
    log_order(request, id);
    find_letter(id, [this, request, id, done = std::move(done)](auto letter) {
        if (!letter) return done(std::unexpected(letter.error()));
        const auto wanted = request->with(
            "redeliver", {{"name", letter->at("name")}, {"event", letter->at("event")}});
        auto nodes = std::vector<std::string>{};
        for (const auto& host : other_nodes())
            nodes.push_back(host.node);
        nodes.push_back(local_.node);
        find_subscription(wanted, std::move(nodes),
                          [this, id, done](const std::expected<json::value, Failure>& outcome) {
                              if (!outcome) return done(std::unexpected(outcome.error()));
                              take_letter(id, done);
                          });
    });
}

// The subscription may run on any node: the own one is asked first, then the others.
void NodesService::find_subscription(const RequestPtr& wanted, std::vector<std::string> nodes,
                                     Done done) {
    if (nodes.empty()) {
        const auto name = wanted->text("name");
        return done(std::unexpected(
            kept(fmt::format("subscription '{}' does not run; the dead letter is kept", name))));
    }
    const auto node = nodes.back();
    nodes.pop_back();
    auto answered = [this, wanted, nodes,
                     done = std::move(done)](const std::expected<json::value, Failure>& answer) {
        if (!answer && answer.error().code == SW_NOT_FOUND)
            return find_subscription(wanted, nodes, done);
        done(answer);
    };
    if (node == local_.node) return redeliver(wanted, std::move(answered));
    auto body = wanted->body;
    body["node"] = node;
    forward(node, wanted->with(wanted->method, std::move(body)), std::move(answered));
}

// NOT_FOUND where the subscription is not on this node.
void NodesService::redeliver(const RequestPtr& request, Done done) {
    const auto* event = request->body.if_contains("event");
    auto parsed = bus::parse_envelope(event ? json::serialize(*event) : std::string());
    if (!parsed) return done(std::unexpected(Failure::of(SW_INVALID_ARGUMENT, "give 'event'")));
    const bool runs = local_.redeliver(request->text("name"), *parsed, [done](sw_status status) {
        if (status == SW_OK) return done(json::object{});
        done(std::unexpected(kept("the subscription failed again; the dead letter is kept")));
    });
    if (runs) return;
    auto parts = request->is_for_here() ? std::vector<std::string>{} : children();
    auto body = request->body;
    body["here"] = true;
    redeliver_to(request->with(request->method, std::move(body)), std::move(parts),
                 std::move(done));
}

void NodesService::redeliver_to(const RequestPtr& request, std::vector<std::string> parts,
                                Done done) {
    if (parts.empty()) {
        return done(std::unexpected(Failure::of(
            SW_NOT_FOUND,
            fmt::format("no subscription '{}' runs on this node", request->text("name")))));
    }
    const auto part = parts.back();
    parts.pop_back();
    forward(part, request,
            [this, request, parts,
             done = std::move(done)](const std::expected<json::value, Failure>& answer) {
                if (!answer && answer.error().code == SW_NOT_FOUND)
                    return redeliver_to(request, parts, done);
                done(answer);
            });
}

}  // namespace streamwall::runtime
