#include "commands.hpp"

#include <streamwall/records/command_line.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;
using records::CommandLine;
using records::number_at;
using records::text_at;

constexpr std::int64_t kDefaultLimit = 50;
constexpr std::int64_t kMostLimit = 1000;
constexpr std::size_t kNamedFlaws = 5;

// "12  2026-01-31T12:00:00.000Z  user/5 ada  stream.updated  stream/17"
std::string line_of(const bj::object& entry) {
    const auto& actor = entry.at("actor").as_object();
    std::string out = std::to_string(number_at(entry, "id")) + "  ";
    out += std::string(text_at(entry, "at")) + "  " + std::string(text_at(actor, "type"));
    if (const auto id = text_at(actor, "id"); !id.empty()) out += "/" + std::string(id);
    if (const auto name = text_at(actor, "name"); !name.empty()) out += " " + std::string(name);
    out += "  " + std::string(text_at(entry, "action")) + "  ";
    return out + std::string(text_at(entry, "resource")) + "/" +
           std::string(text_at(entry, "resource_id")) + "\n";
}

// "12:9f2c…" as {"number","hash"}.
Result<bj::object> read_expected(std::string_view text) {
    const auto colon = text.find(':');
    const auto number = json::to_integer(text.substr(0, colon));
    if (colon == text.npos || !number || *number < 1) {
        return Error::invalid("give NUMBER:HASH, as audit verify prints them", "expect");
    }
    return bj::object{{"number", *number}, {"hash", text.substr(colon + 1)}};
}

std::string complaint(const bj::array& flaws) {
    std::string out = "the audit was tampered with:";
    for (std::size_t n = 0; n < std::min(flaws.size(), kNamedFlaws); ++n) {
        const auto& flaw = flaws[n].as_object();
        const auto what = text_at(flaw, "what");
        out += n == 0 ? " entry " : ", entry ";
        out += std::to_string(number_at(flaw, "number"));
        out += what.starts_with("not") ? " is " : " was ";
        out += what;
    }
    if (flaws.size() > kNamedFlaws) {
        out += " and " + std::to_string(flaws.size() - kNamedFlaws) + " more";
    }
    return out;
}

}  // namespace

Task<Result<Buffer>> Commands::list(std::string request, Context context) {
    const auto line = CommandLine::read(request);
    if (!line) co_return line.error();
    bj::object ask;
    for (const auto& [option, name] :
         {std::pair("actor", "actor"), std::pair("resource", "resource"),
          std::pair("resource-id", "resource_id"), std::pair("since", "since")})
        ask[name] = line->option(option);
    ask["limit"] = kDefaultLimit;
    if (const auto given = line->option("limit"); !given.empty()) {
        const auto limit = json::to_integer(given);
        if (!limit || *limit < 1 || *limit > kMostLimit) {
            co_return Error::invalid("limit must be 1 to 1000", "limit");
        }
        ask["limit"] = *limit;
    }
    const auto page = co_await entries_.list(bj::serialize(ask), std::move(context));
    if (!page) co_return page.error();
    const auto parsed = json::parse_object(page->view());
    if (!parsed) co_return parsed.error();
    const auto& entries = parsed->at("records").as_array();
    if (line->wants_json()) co_return records::printed(bj::serialize(entries) + "\n");
    std::string text;
    for (const auto& entry : entries)
        text += line_of(entry.as_object());
    co_return records::printed(text);
}

Task<Result<Buffer>> Commands::verify(std::string request, Context context) {
    const auto line = CommandLine::read(request);
    if (!line) co_return line.error();
    bj::object ask;
    if (const auto given = line->option("expect"); !given.empty()) {
        auto expected = read_expected(given);
        if (!expected) co_return std::move(expected).error();
        ask["expect"] = std::move(*expected);
    }
    const auto verdict = co_await entries_.verify(bj::serialize(ask), std::move(context));
    if (!verdict) co_return verdict.error();
    const auto parsed = json::parse_object(verdict->view());
    if (!parsed) co_return parsed.error();
    const auto& flaws = parsed->at("flaws").as_array();
    if (!flaws.empty()) {
        co_return Error{SW_DATA_LOSS, complaint(flaws), {}, std::string(verdict->view())};
    }
    if (line->wants_json()) co_return records::printed(std::string(verdict->view()) + "\n");
    const auto& head = parsed->at("head").as_object();
    std::string text = std::to_string(number_at(*parsed, "entries")) + " entries, all as written.";
    if (number_at(head, "number") > 0) {
        text += " The last: " + std::to_string(number_at(head, "number")) + ":" +
                std::string(text_at(head, "hash"));
    }
    co_return records::printed(text + "\n");
}

}  // namespace streamwall::audit
