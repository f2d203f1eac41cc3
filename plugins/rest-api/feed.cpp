#include "feed.hpp"

#include <streamwall/sdk/json.hpp>

namespace streamwall::rest_api {
namespace {

std::string text_of(const boost::json::object& record, std::string_view name) {
    const auto* value = record.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string host_of(std::string_view url) {
    const auto begin = url.find("://");
    if (begin == url.npos) return {};
    return std::string(url.substr(begin + 3, url.find_first_of("/?#", begin + 3) - begin - 3));
}

std::string_view status_of(std::string_view status) {
    if (status == "live") return "Live";
    return status == "offline" ? "Offline" : "Unknown";
}

std::string_view orientation_of(std::string_view orientation) {
    if (orientation == "vertical") return "V";
    return orientation == "horizontal" ? "H" : "";
}

// TOML 1.0 basic strings: quotes, backslashes and control characters are escaped.
void append_basic_string(std::string& out, std::string_view text) {
    constexpr char kHex[] = "0123456789ABCDEF";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

}  // namespace

FeedEntry feed_entry(const boost::json::object& stream) {
    FeedEntry out;
    const auto add = [&out](std::string_view name, std::string value) {
        if (!value.empty()) out.emplace_back(name, std::move(value));
    };
    const auto url = text_of(stream, "url");
    const auto title = text_of(stream, "title");
    const auto streamer = text_of(stream, "streamer_name");
    add("link", url);
    add("kind", text_of(stream, "kind"));
    if (!streamer.empty()) {
        add("source", streamer);
        add("label", title);
    } else {
        add("source", title.empty() ? host_of(url) : title);
    }
    add("city", text_of(stream, "city"));
    add("state", text_of(stream, "state"));
    add("status", std::string(status_of(text_of(stream, "status"))));
    add("orientation", std::string(orientation_of(text_of(stream, "orientation"))));
    add("notes", text_of(stream, "notes"));
    add("addedDate", text_of(stream, "created_at"));
    return out;
}

void FeedJson::add(const FeedEntry& entry) {
    if (out_.size() > 1) out_ += ',';
    json::Writer writer;
    for (const auto& [name, value] : entry)
        writer.text(name, value);
    out_ += writer.take();
}

void FeedToml::add(const FeedEntry& entry) {
    if (!out_.empty()) out_ += '\n';
    out_ += "[[streams]]\n";
    for (const auto& [name, value] : entry) {
        out_.append(name).append(" = ");
        append_basic_string(out_, value);
        out_ += '\n';
    }
}

}  // namespace streamwall::rest_api
