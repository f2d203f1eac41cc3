#include "site.hpp"

#include "embedded_files.hpp"

#include <streamwall/sdk/buffer.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>

namespace streamwall::web_ui {
namespace {

constexpr std::string_view kAdmin = "/admin";
constexpr std::string_view kLogIn = "/admin/login";
constexpr std::string_view kHtml = "text/html; charset=utf-8";

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kTypes{{
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
}};

enum class Visitor { kStranger, kRefused, kWelcome };

// As the routes do that the admin page lives on.
Visitor visitor_of(const sw_context& context) {
    const auto type = to_view(context.principal_type);
    if (type.empty() || type == "anonymous") return Visitor::kStranger;
    const auto role = to_view(context.role);
    return role == "admin" || role == "editor" ? Visitor::kWelcome : Visitor::kRefused;
}

std::string_view file(std::string_view name) {
    for (const auto& each : embedded_files()) {
        if (each.name == name) return each.bytes;
    }
    throw std::logic_error("no file " + std::string(name));
}

// Who asks decides what a page is, so that nothing may keep it: a browser that goes back after the
// log-out asks again.
Answer page(int status, std::string_view name) {
    return {.status = status,
            .body = file(name),
            .headers = {{"content-type", std::string(kHtml)},
                        {"content-security-policy", std::string(kPolicy)},
                        {"referrer-policy", "same-origin"},
                        {"cross-origin-opener-policy", "same-origin"},
                        {"cache-control", "no-store"}}};
}

// The query goes along, so that a shared link leads where it should after the log-in.
Answer redirect(std::string_view to, std::string_view query) {
    auto location = std::string(to);
    if (!query.empty()) location.append("?").append(query);
    return {.status = 303,
            .headers = {{"location", std::move(location)}, {"cache-control", "no-store"}}};
}

Answer root(const sw_context& /*context*/, std::string_view /*query*/) {
    return redirect(kAdmin, {});
}

Answer admin(const sw_context& context, std::string_view query) {
    switch (visitor_of(context)) {
        case Visitor::kStranger:
            return redirect(kLogIn, query);
        case Visitor::kRefused:
            return page(403, "admin/refused.html");
        case Visitor::kWelcome:
            return page(200, "admin/admin.html");
    }
    throw std::logic_error("a visitor of no kind");
}

// Whom the admin page refuses may log in as somebody else.
Answer log_in(const sw_context& context, std::string_view query) {
    if (visitor_of(context) == Visitor::kWelcome) return redirect(kAdmin, query);
    return page(200, "admin/login.html");
}

std::string tag_of(std::string_view bytes) {
    return '"' + std::to_string(std::hash<std::string_view>{}(bytes)) + '"';
}

}  // namespace

std::string_view Answer::header(std::string_view name) const {
    const auto found =
        std::ranges::find(headers, name, [](const auto& each) { return each.first; });
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

Answer Asset::answer(std::string_view known) const {
    // Any listed tag counts, weak ones too: RFC 9110, 13.1.2. A tag of ours stands in no other.
    const bool is_known = known == "*" || known.find(tag) != known.npos;
    Answer out{.status = is_known ? 304 : 200,
               .body = is_known ? std::string_view() : bytes,
               .headers = {{"etag", tag}, {"cache-control", "no-cache"}}};
    if (!is_known) out.headers.emplace_back("content-type", type);
    return out;
}

std::vector<Asset> assets() {
    std::vector<Asset> out;
    for (const auto& [name, bytes] : embedded_files()) {
        const auto slash = name.find('/');
        const auto ending = name.substr(std::min(name.rfind('.'), name.size()));
        const auto type =
            std::ranges::find(kTypes, ending, [](const auto& each) { return each.first; });
        if (type == kTypes.end()) continue;
        const auto path =
            "/" + std::string(name.substr(0, slash)) + "/assets" + std::string(name.substr(slash));
        out.push_back({path, type->second, bytes, tag_of(bytes)});
    }
    return out;
}

std::vector<Page> pages() {
    return {{"/", root}, {kAdmin, admin}, {kLogIn, log_in}};
}

}  // namespace streamwall::web_ui
