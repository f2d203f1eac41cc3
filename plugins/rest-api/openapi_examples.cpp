#include "openapi_examples.hpp"

#include "problem.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace streamwall::rest_api::openapi {
namespace {

namespace bj = boost::json;

constexpr int kDeepest = 12;  // of a schema that names itself

constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
    {"city", "Seattle"},
    {"country", "US"},
    {"display_name", "Ada"},
    {"external_id", "1093716"},
    {"key", "swk_k3JxT9aQ_0000000000000000000000000000000000000000000"},
    {"name", "Example"},
    {"node", "main"},
    {"notes", "Seen from the north side."},
    {"plugin", "discovery"},
    {"posted_by", "ada"},
    {"prefix", "swk_k3JxT9aQ"},
    {"region", "Pacific Northwest"},
    {"source", "api"},
    {"state", "WA"},
    {"state_province", "WA"},
    {"streamer_name", "example"},
    {"text", "Live from Seattle, WA: https://twitch.tv/example"},
    {"title", "Downtown, live"},
    {"token", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"},
    {"type", "stream.created"},
    {"username", "example"},
    {"version", "1.0"},
};

constexpr std::pair<std::string_view, std::string_view> kFormats[] = {
    {"date-time", "2026-01-31T12:34:56.789Z"},
    {"uri", "https://twitch.tv/example"},
    {"email", "ada@example.org"},
    {"password", "Password123"},
    {"date", "2026-01-31"},
};

const bj::value* member(const bj::object& schema, std::string_view name) {
    return schema.if_contains(name);
}

std::string_view text_member(const bj::object& schema, std::string_view name) {
    const auto* value = member(schema, name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::int64_t number_member(const bj::object& schema, std::string_view name,
                           std::int64_t otherwise) {
    const auto* value = member(schema, name);
    return value && value->is_int64() ? value->get_int64() : otherwise;
}

class Maker {
  public:
    explicit Maker(const bj::object& schemas) : schemas_(schemas) {}

    bj::value make(const bj::value& schema, std::string_view name, int depth) const {
        const auto* object = schema.if_object();
        if (object == nullptr || depth > kDeepest) return nullptr;
        if (const auto* given = member(*object, "example")) return *given;
        if (const auto reference = text_member(*object, "$ref"); !reference.empty()) {
            const auto* target = schemas_.if_contains(reference.substr(reference.rfind('/') + 1));
            return target ? make(*target, name, depth + 1) : bj::value();
        }
        if (const auto* given = member(*object, "default")) return *given;
        if (const auto* parts = member(*object, "allOf")) return merged(parts->as_array(), depth);
        for (const auto* choice : {"oneOf", "anyOf"}) {
            if (const auto* choices = member(*object, choice))
                return make(choices->as_array().front(), name, depth + 1);
        }
        if (const auto* words = member(*object, "enum")) return words->as_array().front();
        return of_type(*object, name, depth);
    }

  private:
    bj::value merged(const bj::array& parts, int depth) const {
        bj::object out;
        for (const auto& part : parts) {
            const auto made = make(part, {}, depth + 1);
            if (!made.is_object()) continue;
            for (const auto& each : made.get_object())
                out[each.key()] = each.value();
        }
        return out;
    }

    bj::value of_type(const bj::object& schema, std::string_view name, int depth) const {
        const auto type = text_member(schema, "type");
        if (type == "integer" || type == "number")
            return std::max<std::int64_t>(number_member(schema, "minimum", 1), 1);
        if (type == "boolean") return false;
        if (type == "string") return bj::value(text(schema, name));
        if (type == "array") {
            const auto* items = member(schema, "items");
            return items ? bj::array{make(*items, name, depth + 1)} : bj::array{};
        }
        bj::object out;
        if (const auto* properties = member(schema, "properties")) {
            for (const auto& property : properties->as_object())
                out[property.key()] = make(property.value(), property.key(), depth + 1);
        }
        return out;
    }

    static std::string text(const bj::object& schema, std::string_view name) {
        std::string out = "text";  // also fits the patterns of keys
        for (const auto& [known, value] : kTexts) {
            if (known == name && !schema.contains("pattern")) out = value;
        }
        for (const auto& [format, value] : kFormats) {
            if (format == text_member(schema, "format")) out = value;
        }
        const auto most = number_member(schema, "maxLength", 1'000'000);
        if (std::cmp_greater(out.size(), most)) out.resize(static_cast<std::size_t>(most));
        return out;
    }

    const bj::object& schemas_;
};

}  // namespace

bj::value example_of(const bj::value& schema, const bj::object& schemas, std::string_view name) {
    return Maker(schemas).make(schema, name, 0);
}

bj::object problem_example(int status) {
    std::string code(reason_phrase(status));
    std::ranges::transform(code, code.begin(), [](char c) {
        return c == ' ' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    });
    bj::object out{{"type", "about:blank"},
                   {"title", reason_phrase(status)},
                   {"status", status},
                   {"detail", "What was wrong, in one line."},
                   {"instance", "/api/v1/streams/1"},
                   {"error", "What was wrong, in one line."},
                   {"code", code},
                   {"request_id", "1f0c9a5e7d3b48629d1e5f7a8b3c2d10"}};
    if (status == 422) {
        out["errors"] = bj::array{
            bj::object{{"field", "url"}, {"code", "required"}, {"message", "is required"}}};
    }
    return out;
}

}  // namespace streamwall::rest_api::openapi
