#include "commands.hpp"

#include <streamwall/records/command_line.hpp>
#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::features {
namespace {

namespace bj = boost::json;
using records::CommandLine;
using records::printed;

std::string joined(const bj::array& list) {
    std::string out;
    for (const auto& item : list) {
        out += out.empty() ? "" : ",";
        out += item.is_string() ? std::string(item.get_string()) : bj::serialize(item);
    }
    return out;
}

// "stream_export  on  roles editor,admin  25% of actors"
std::string line_of(const bj::object& flag) {
    std::string out(records::text_at(flag, "key"));
    out += records::flag_at(flag, "enabled") ? "  on" : "  off";
    for (const auto* gate : {"nodes", "roles", "users"}) {
        const auto list = joined(flag.at(gate).as_array());
        if (!list.empty()) out += "  " + std::string(gate) + " " + list;
    }
    for (const auto& [name, of] : {std::pair("percentage_of_actors", "% of actors"),
                                   std::pair("percentage_of_time", "% of the time")}) {
        if (const auto& value = flag.at(name); !value.is_null())
            out += "  " + std::to_string(value.as_int64()) + of;
    }
    return out + "\n";
}

Result<Buffer> shown(const CommandLine& line, const Result<Buffer>& reply) {
    if (!reply) return reply.error();
    if (line.wants_json()) return printed(std::string(reply->view()) + "\n");
    const auto flag = json::parse_object(reply->view());
    if (!flag) return flag.error();
    return printed(line_of(*flag));
}

Result<std::string> key_of(const CommandLine& line) {
    const auto key = line.positional(0);
    if (key.empty()) return Error::invalid("give the flag's key");
    return std::string(key);
}

Result<std::string> switch_request(const CommandLine& line) {
    const auto key = key_of(line);
    if (!key) return key.error();
    bj::array nodes;
    for (const auto& node : records::split_list(line.option("nodes")))
        nodes.emplace_back(node);
    return json::Writer().text("key", *key).raw("nodes", bj::serialize(nodes)).take();
}

// A number where it is one: what is no number is refused like any other wrong value.
bj::value number_or_text(std::string_view text) {
    const auto number = json::to_integer(text);
    return number ? bj::value(*number) : bj::value(text);
}

bj::object gates_of(const CommandLine& line) {
    bj::object body;
    for (const auto* name : {"nodes", "roles", "users"}) {
        if (!line.arguments.contains(name)) continue;
        bj::array list;
        for (const auto& item : records::split_list(line.option(name)))
            list.push_back(name == std::string_view("users") ? number_or_text(item)
                                                             : bj::value(item));
        body[name] = std::move(list);
    }
    for (const auto& [option, name] :
         {std::pair("actors", "percentage_of_actors"), std::pair("time", "percentage_of_time")}) {
        if (!line.arguments.contains(option)) continue;
        const auto given = line.option(option);
        body[name] = given.empty() ? bj::value(nullptr) : number_or_text(given);
    }
    return body;
}

}  // namespace

Task<Result<Buffer>> Commands::list(std::string request, Context context) {
    const auto line = CommandLine::read(request);
    if (!line) co_return line.error();
    const auto page =
        co_await flags_.list(json::Writer().number("limit", kMaxFlags).take(), std::move(context));
    if (!page) co_return page.error();
    const auto parsed = json::parse_object(page->view());
    if (!parsed) co_return parsed.error();
    const auto& records = parsed->at("records").as_array();
    if (line->wants_json()) co_return printed(bj::serialize(records) + "\n");
    std::string text;
    for (const auto& flag : records)
        text += line_of(flag.as_object());
    co_return printed(text);
}

Task<Result<Buffer>> Commands::create(std::string request, Context context) {
    const auto line = CommandLine::read(request);
    if (!line) co_return line.error();
    const auto key = key_of(*line);
    if (!key) co_return key.error();
    const auto body = json::Writer().text("key", *key).take();
    const auto made =
        co_await flags_.create(json::Writer().raw("body", body).take(), std::move(context));
    co_return shown(*line, made);
}

Task<Result<Buffer>> Commands::enable(std::string request, Context context) {
    const auto line = CommandLine::read(request);
    if (!line) co_return line.error();
    const auto ask = switch_request(*line);
    if (!ask) co_return ask.error();
    const auto done = co_await flags_.enable(*ask, std::move(context));
    co_return shown(*line, done);
}

Task<Result<Buffer>> Commands::disable(std::string request, Context context) {
    const auto line = CommandLine::read(request);
    if (!line) co_return line.error();
    const auto ask = switch_request(*line);
    if (!ask) co_return ask.error();
    const auto done = co_await flags_.disable(*ask, std::move(context));
    co_return shown(*line, done);
}

Task<Result<Buffer>> Commands::set(std::string request, Context context) {
    const auto line = CommandLine::read(request);
    if (!line) co_return line.error();
    const auto key = key_of(*line);
    if (!key) co_return key.error();
    const auto body = bj::serialize(gates_of(*line));
    const auto done = co_await flags_.update(
        json::Writer().text("key", *key).raw("body", body).take(), std::move(context));
    co_return shown(*line, done);
}

}  // namespace streamwall::features
