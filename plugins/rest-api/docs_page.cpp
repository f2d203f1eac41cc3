#include "docs_page.hpp"

#include <streamwall/sdk/json.hpp>

namespace streamwall::rest_api {
namespace {

namespace bj = boost::json;

std::string_view text_of(const bj::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
}

void append_element(std::string& out, std::string_view tag, std::string_view text) {
    out.append("<").append(tag).append(">");
    append_escaped(out, text);
    out.append("</").append(tag).append(">");
}

void append_rows(std::string& out, const bj::object& operation, std::string_view list,
                 std::string_view heading) {
    const auto* rows = operation.if_contains(list);
    if (rows == nullptr || !rows->is_array()) return;
    append_element(out, "h4", heading);
    out += "<dl>";
    for (const auto& row : rows->get_array()) {
        if (!row.is_object()) continue;
        append_element(out, "dt", text_of(row.get_object(), "name"));
        append_element(out, "dd", text_of(row.get_object(), "description"));
    }
    out += "</dl>";
}

void append_responses(std::string& out, const bj::object& operation) {
    const auto* responses = operation.if_contains("responses");
    if (responses == nullptr || !responses->is_object()) return;
    append_element(out, "h4", "Answers");
    out += "<dl>";
    for (const auto& [status, response] : responses->get_object()) {
        append_element(out, "dt", status);
        if (response.is_object()) {
            append_element(out, "dd", text_of(response.get_object(), "description"));
        }
    }
    out += "</dl>";
}

// The JSON example of a body or an answer.
void append_example(std::string& out, std::string_view heading, const bj::object& holder) {
    const auto* content = holder.if_contains("content");
    const auto* media = content && content->is_object()
                            ? content->get_object().if_contains("application/json")
                            : nullptr;
    const auto* example =
        media && media->is_object() ? media->get_object().if_contains("example") : nullptr;
    if (example == nullptr) return;
    append_element(out, "h4", heading);
    append_element(out, "pre", bj::serialize(*example));
}

void append_examples(std::string& out, const bj::object& operation) {
    if (const auto* body = operation.if_contains("requestBody"); body && body->is_object())
        append_example(out, "Example of a body", body->get_object());
    const auto* responses = operation.if_contains("responses");
    if (responses == nullptr || !responses->is_object()) return;
    for (const auto& [status, response] : responses->get_object()) {
        if (!status.starts_with('2') || !response.is_object()) continue;
        return append_example(out, "Example of an answer", response.get_object());
    }
}

void append_operation(std::string& out, std::string_view method, std::string_view path,
                      const bj::object& operation) {
    out += "<details><summary>";
    append_element(out, "b", method);
    append_element(out, "code", path);
    append_element(out, "span", text_of(operation, "summary"));
    out += "</summary>";
    append_element(out, "p", text_of(operation, "description"));
    append_rows(out, operation, "parameters", "Parameters");
    append_responses(out, operation);
    append_examples(out, operation);
    out += "</details>";
}

}  // namespace

const std::string_view kDocsStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color-scheme:light dark}\n"
    "summary{cursor:pointer;padding:.4rem 0}\n"
    "summary b{display:inline-block;width:5rem;text-transform:uppercase}\n"
    "summary code{margin-right:1rem}\n"
    "dt,pre{font-family:monospace}\n"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.5rem;border:1px solid #8886}\n"
    "details{border-bottom:1px solid #8886}\n";

std::string docs_page(std::string_view openapi) {
    std::string out =
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>API</title>"
        "<link rel=\"stylesheet\" href=\"/api-docs/style.css\"></head><body>"
        "<h1>Streamwall Host: the REST interface</h1>"
        "<p>The machine-readable description is <a href=\"/openapi.json\">/openapi.json</a>. "
        "Send the key as <code>Authorization: Bearer …</code>.</p>";
    auto document = json::parse_object(openapi);
    if (const auto* paths = document ? document->if_contains("paths") : nullptr) {
        for (const auto& [path, methods] : paths->as_object()) {
            for (const auto& [method, operation] : methods.as_object()) {
                append_operation(out, method, path, operation.as_object());
            }
        }
    }
    return out + "</body></html>\n";
}

}  // namespace streamwall::rest_api
