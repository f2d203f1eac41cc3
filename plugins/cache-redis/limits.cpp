#include "limits.hpp"

#include "fields.hpp"

#include <boost/asio/post.hpp>
#include <streamwall/contracts/limits.hpp>

#include <charconv>

namespace streamwall::redis {

namespace {

namespace contract = contracts::limits;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxKey = 200;

Buffer render(const LimitVerdict& verdict, bool shared) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(verdict.retry_after);
    return json::Writer()
        .boolean("allowed", verdict.allowed)
        .number("remaining", verdict.remaining)
        .number("retry_after_ms", wait.count())
        .boolean("shared", shared)
        .buffer();
}

// [[age,count],…] → "age count age count", nothing where it is something else.
std::optional<std::string> flatten(const boost::json::value* passed) {
    if (!passed || !passed->is_array()) return std::nullopt;
    std::string out;
    for (const auto& entry : passed->get_array()) {
        const auto* pair = entry.if_array();
        if (!pair || pair->size() != 2) return std::nullopt;
        for (const auto& number : *pair) {
            if (!number.is_int64() || number.get_int64() < 0) return std::nullopt;
            if (!out.empty()) out += ' ';
            out += std::to_string(number.get_int64());
        }
        if ((*pair)[0].get_int64() > contract::kMaxAge) return std::nullopt;
    }
    return out;
}

// The way back; the text is the script's.
void append_pairs(std::string& out, std::string_view text) {
    out += '[';
    bool is_age = true;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(' ', at), text.size());
        if (is_age) {
            if (out.back() != '[') out += ',';
            out += '[';
        } else {
            out += ',';
        }
        out += text.substr(at, end - at);
        if (!is_age) out += ']';
        is_age = !is_age;
        at = end + 1;
    }
    out += ']';
}

Buffer render_exchange(ReplyView reply) {
    std::string windows = "[";
    for (std::size_t n = 1; n < reply.size(); ++n) {
        if (n > 1) windows += ',';
        append_pairs(windows, reply.at(n).text());
    }
    windows += ']';
    return json::Writer()
        .boolean("shared", true)
        .number("instances", reply.at(0).integer())
        .raw("windows", windows)
        .buffer();
}

}  // namespace

Result<> Limits::offer(Services& services) {
    auto offered = services.offer(contract::kService, "check",
                                  [this](const Request& request) { return check(request); });
    if (!offered) return offered;
    return services.offer(contract::kService, "exchange",
                          [this](const Request& request) { return exchange(request); });
}

Answer Limits::check(const Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    Fields fields(*body);
    Check check;
    check.key = fields.text("key", kMaxKey);
    check.limit = fields.integer("limit", 1, contract::kMaxLimit);
    check.window =
        std::chrono::milliseconds(fields.integer("window_ms", 1, contract::kMaxWindow.count()));
    check.cost = fields.integer("cost", 1, contract::kMaxLimit, 1);
    if (fields.mistake()) return *fields.mistake();
    boost::asio::post(loop_,
                      [this, check = std::move(check), responder = request.defer()]() mutable {
                          ask(std::move(check), std::move(responder));
                      });
    return pending;
}

void Limits::ask(Check check, Responder responder) {
    const std::chrono::microseconds window = check.window;
    std::vector<std::string> arguments{std::to_string(window.count()), std::to_string(check.limit),
                                       std::to_string(check.cost)};
    link_.run(scripts_.check, {prefix_ + "limit:" + check.key}, std::move(arguments),
              [this, check = std::move(check),
               responder = std::move(responder)](const Result<ReplyView>& reply) mutable {
                  const auto now = Clock::now();
                  if (!reply) {
                      const auto verdict =
                          local_.check(check.key, check.limit, check.window, check.cost, now);
                      return responder.send(render(verdict, false));
                  }
                  const LimitVerdict verdict{reply->at(0).integer() == 1, reply->at(1).integer(),
                                             std::chrono::microseconds(reply->at(2).integer())};
                  // Known here too, so that Redis going away does not begin the window anew.
                  if (verdict.allowed) local_.note(check.key, check.cost, now);
                  responder.send(render(verdict, true));
              });
}

Answer Limits::exchange(const Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    Fields fields(*body);
    const auto instance = fields.text("instance", kMaxKey);
    const auto* windows = body->if_contains("windows");
    if (fields.mistake()) return *fields.mistake();
    if (!windows || !windows->is_array() || windows->get_array().size() > contract::kMaxWindows) {
        return Error::invalid("expected at most 200 windows", "windows");
    }
    std::vector<std::string> keys{prefix_ + "instances"};
    std::vector<std::string> arguments{instance};
    for (const auto& window : windows->get_array()) {
        if (!window.is_object()) return Error::invalid("expected objects", "windows");
        Fields inside(window.get_object());
        keys.push_back(prefix_ + "window:" + inside.text("key", kMaxKey));
        if (inside.mistake()) return *inside.mistake();
        auto passed = flatten(window.get_object().if_contains("passed"));
        if (!passed) return Error::invalid("expected [age, count] pairs", "passed");
        arguments.push_back(std::move(*passed));
    }
    if (!link_.is_up()) return Buffer(R"({"shared":false})");
    boost::asio::post(loop_, [this, keys = std::move(keys), arguments = std::move(arguments),
                              responder = request.defer()]() mutable {
        link_.run(scripts_.exchange, std::move(keys), std::move(arguments),
                  [responder = std::move(responder)](const Result<ReplyView>& reply) mutable {
                      if (reply) return responder.send(render_exchange(*reply));
                      responder.send(Buffer(R"({"shared":false})"));
                  });
    });
    return pending;
}

}  // namespace streamwall::redis
