#include "site.hpp"

#include "embedded_files.hpp"

#include <streamwall/sdk/buffer.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace streamwall::web_ui {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Answer ask(std::string_view path, std::string_view type, std::string_view role,
           std::string_view query = {}) {
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = to_str(type);
    context.role = to_str(role);
    const auto all = pages();
    const auto page = std::ranges::find(all, path, &Page::path);
    if (page == all.end()) throw std::invalid_argument("no page " + std::string(path));
    return page->answer(context, query);
}

struct Visit {
    std::string_view type, role, path;
    int status;
    std::string_view location = {};  // where it leads
    std::string_view title = {};     // of what is shown
};

TEST(Site, ShowsThePageToThoseWhoseRoleAllowsIt) {
    for (const auto& visit : {
             Visit{"", "", "/admin", 303, "/admin/login"},
             Visit{"anonymous", "", "/admin", 303, "/admin/login"},
             Visit{"user", "viewer", "/admin", 403, {}, "<title>Not allowed"},
             Visit{"key", "", "/admin", 403, {}, "<title>Not allowed"},
             Visit{"user", "administrator", "/admin", 403, {}, "<title>Not allowed"},
             Visit{"user", "editor", "/admin", 200, {}, "<title>Streams"},
             Visit{"user", "admin", "/admin", 200, {}, "<title>Streams"},
             Visit{"anonymous", "", "/admin/login", 200, {}, "<title>Log in"},
             Visit{"user", "viewer", "/admin/login", 200, {}, "<title>Log in"},
             Visit{"user", "editor", "/admin/login", 303, "/admin"},
             Visit{"anonymous", "", "/", 303, "/admin"},
             Visit{"user", "admin", "/", 303, "/admin"},
         }) {
        SCOPED_TRACE(std::string(visit.role) + " at " + std::string(visit.path));
        const auto answer = ask(visit.path, visit.type, visit.role);
        EXPECT_EQ(answer.status, visit.status);
        EXPECT_EQ(answer.header("location"), visit.location);
        EXPECT_THAT(std::string(answer.body), HasSubstr(std::string(visit.title)));
    }
}

TEST(Site, KeepsTheQueryOfASharedLinkThroughTheLogIn) {
    const std::string query = "status=live&search=a%20b";
    EXPECT_EQ(ask("/admin", "anonymous", "", query).header("location"), "/admin/login?" + query);
    EXPECT_EQ(ask("/admin/login", "user", "admin", query).header("location"), "/admin?" + query);
}

TEST(Site, LetsPagesRunNothingButTheirOwnFilesAndBeKeptByNobody) {
    for (const auto& page : {ask("/admin", "user", "admin"), ask("/admin", "user", "viewer"),
                             ask("/admin/login", "anonymous", "")}) {
        EXPECT_EQ(page.header("content-security-policy"), kPolicy);
        EXPECT_EQ(page.header("cache-control"), "no-store");
        EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
        EXPECT_EQ(page.header("referrer-policy"), "same-origin");
    }
    EXPECT_THAT(std::string(kPolicy), StartsWith("default-src 'none'"));
    EXPECT_THAT(std::string(kPolicy), Not(HasSubstr("unsafe")));
    EXPECT_EQ(ask("/admin", "anonymous", "").header("cache-control"), "no-store");
}

TEST(Site, ServesScriptsStylesAndPicturesUnderTheirTypes) {
    const auto all = assets();
    const auto type_of = [&](std::string_view path) {
        const auto found = std::ranges::find(all, path, &Asset::path);
        return found == all.end() ? std::string()
                                  : std::string(found->answer("").header("content-type"));
    };
    EXPECT_EQ(type_of("/admin/assets/admin.mjs"), "text/javascript; charset=utf-8");
    EXPECT_EQ(type_of("/admin/assets/style.css"), "text/css; charset=utf-8");
    EXPECT_EQ(type_of("/admin/assets/icon.svg"), "image/svg+xml");
    EXPECT_EQ(type_of("/admin/assets/admin.html"), "") << "pages are no assets";
}

TEST(Site, AnswersWhatABrowserHasAlreadyWithoutABody) {
    const auto asset = assets().front();
    const auto other = assets().back().tag;
    ASSERT_NE(asset.tag, other);
    for (const auto& [known, status] : {
             std::pair<std::string, int>{"", 200},
             {"*", 304},
             {asset.tag, 304},
             {"W/" + asset.tag, 304},
             {"\"x\", " + asset.tag, 304},
             {other, 200},
             {asset.tag.substr(1), 200},
         }) {
        const auto answer = asset.answer(known);
        EXPECT_EQ(answer.status, status) << known;
        EXPECT_EQ(answer.body.empty(), status == 304) << known;
        EXPECT_EQ(answer.header("etag"), asset.tag);
        EXPECT_EQ(answer.header("cache-control"), "no-cache");
    }
}

// What the policy forbids would not work, so it must not be written either; nor may data become
// markup anywhere.
TEST(Site, HoldsNothingThatItsPolicyForbids) {
    for (const auto& file : embedded_files()) {
        SCOPED_TRACE(std::string(file.name));
        const std::string text(file.bytes);
        for (const std::string_view forbidden :
             {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
              "new Function", " style=", "<style", " onclick=", "https://cdn", "//unpkg"}) {
            EXPECT_THAT(text, Not(HasSubstr(std::string(forbidden))));
        }
    }
}

TEST(Site, NamesOnlyFilesThatItServes) {
    std::vector<std::string> served;
    for (const auto& asset : assets())
        served.push_back(asset.path);
    std::vector<std::string> named;
    const auto collect = [&](std::string_view text, std::string_view before,
                             const std::string& folder) {
        for (auto at = text.find(before); at != text.npos; at = text.find(before, at)) {
            at += before.size();
            named.push_back(folder +
                            std::string(text.substr(at, text.find_first_of("\"'", at) - at)));
        }
    };
    for (const auto& [name, bytes] : embedded_files()) {
        const auto folder = "/" + std::string(name.substr(0, name.find('/'))) + "/assets/";
        collect(bytes, "from './", folder);
        collect(bytes, "\"" + folder, folder);
    }
    EXPECT_THAT(named, Contains("/admin/assets/api.mjs"));
    EXPECT_THAT(named, Contains("/admin/assets/style.css"));
    EXPECT_THAT(named, Each(::testing::AnyOfArray(served)));
}

}  // namespace
}  // namespace streamwall::web_ui
