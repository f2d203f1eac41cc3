// Canonical URLs: what is taken, what is skipped and why, and what a record's URL may be.
#include "streamwall/model/url_identity.hpp"

#include <gtest/gtest.h>

#include <string>

#include "url_check.hpp"

namespace streamwall::model {
namespace {

struct Taken {
    std::string_view text;
    std::string_view url;
    std::string_view platform;
    std::string_view streamer = "";
};

const Taken kTaken[] = {
    {"https://www.twitch.tv/Example?utm_source=x", "https://twitch.tv/example", "twitch",
     "example"},
    {"twitch.tv/example", "https://twitch.tv/example", "twitch", "example"},
    {"HTTPS://M.TWITCH.TV/EXAMPLE/", "https://twitch.tv/example", "twitch", "example"},
    {"http://mobile.twitch.tv:80/a_b#chat", "https://twitch.tv/a_b", "twitch", "a_b"},
    {"https://twitch.tv/popout/Foo/chat", "https://twitch.tv/foo", "twitch", "foo"},
    {"https://twitch.tv./foo/about", "https://twitch.tv/foo", "twitch", "foo"},
    {"twitch.tv//foo", "https://twitch.tv/foo", "twitch", "foo"},
    {"kick.com/Some-One_1", "https://kick.com/some-one_1", "kick", "some-one_1"},
    {"https://www.kick.com/foo?x=1", "https://kick.com/foo", "kick", "foo"},
    {"kick.com/foo-", "https://kick.com/foo", "kick", "foo"},
    {"tiktok.com/@User.Name", "https://tiktok.com/@user.name/live", "tiktok", "user.name"},
    {"https://www.tiktok.com/@u_1/live?lang=en", "https://tiktok.com/@u_1/live", "tiktok", "u_1"},
    {"https://m.tiktok.com/@abc/LIVE", "https://tiktok.com/@abc/live", "tiktok", "abc"},
    {"https://vm.tiktok.com/ZMabc123/", "https://vm.tiktok.com/ZMabc123", "tiktok"},
    {"https://vt.tiktok.com/ZSabc", "https://vt.tiktok.com/ZSabc", "tiktok"},
    {"https://www.tiktok.com/t/ZTabc/?k=1", "https://tiktok.com/t/ZTabc", "tiktok"},
    {"https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://youtube.com/watch?v=dQw4w9WgXcQ",
     "youtube"},
    {"m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ&t=9s",
     "https://youtube.com/watch?v=dQw4w9WgXcQ", "youtube"},
    {"https://music.youtube.com/watch?a=1&amp;v=dQw4w9WgXc-",
     "https://youtube.com/watch?v=dQw4w9WgXc-", "youtube"},
    {"https://youtube.com/live/dQw4w9WgXcQ?feature=share",
     "https://youtube.com/watch?v=dQw4w9WgXcQ", "youtube"},
    {"youtube.com/shorts/dQw4w9WgXcQ", "https://youtube.com/watch?v=dQw4w9WgXcQ", "youtube"},
    {"https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0", "https://youtube.com/watch?v=dQw4w9WgXcQ",
     "youtube"},
    {"https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
     "https://youtube.com/watch?v=dQw4w9WgXcQ", "youtube"},
    {"youtu.be/dQw4w9WgXc-?si=abc", "https://youtube.com/watch?v=dQw4w9WgXc-", "youtube"},
    {"https://youtube.com/@Some.Handle", "https://youtube.com/@some.handle/live", "youtube",
     "some.handle"},
    {"https://www.youtube.com/@Handle/live", "https://youtube.com/@handle/live", "youtube",
     "handle"},
    {"https://www.youtube.com/@Handle/streams", "https://youtube.com/@handle/live", "youtube",
     "handle"},
    {"https://www.facebook.com/watch?v=123456", "https://facebook.com/watch?v=123456", "facebook"},
    {"https://m.facebook.com/watch/?ref=x&v=123456", "https://facebook.com/watch?v=123456",
     "facebook"},
    {"https://www.facebook.com/watch/live/?v=99", "https://facebook.com/watch?v=99", "facebook"},
    {"https://web.facebook.com/Page.Name/videos/1234/", "https://facebook.com/watch?v=1234",
     "facebook"},
    {"https://facebook.com/page/videos/some-title/1234", "https://facebook.com/watch?v=1234",
     "facebook"},
    {"https://facebook.com/page/videos/2024-title/1234", "https://facebook.com/watch?v=1234",
     "facebook"},
    {"https://facebook.com/video.php?v=1234", "https://facebook.com/watch?v=1234", "facebook"},
    {"facebook.com/Page.Name/live", "https://facebook.com/page.name/live", "facebook", "page.name"},
    {"fb.watch/aBc-D_1/", "https://fb.watch/aBc-D_1", "facebook"},
    {"https://www.facebook.com/share/v/AbC1/", "https://facebook.com/share/v/AbC1", "facebook"},
    {"https://www.instagram.com/Some.One/live/", "https://instagram.com/some.one/live", "instagram",
     "some.one"},
    {"https://instagram.com/a/live/1789?x=1", "https://instagram.com/a/live", "instagram", "a"},
    {"https://x.com/i/broadcasts/1AbCdEfGhIjKl", "https://x.com/i/broadcasts/1AbCdEfGhIjKl", "x"},
    {"https://mobile.twitter.com/i/broadcasts/1AbC?s=20", "https://x.com/i/broadcasts/1AbC", "x"},
    {"https://rumble.com/v4AbC-Some-Title.html?e9s=1", "https://rumble.com/v4AbC-Some-Title.html",
     "rumble"},
    {"https://www.rumble.com/c/Channel/", "https://rumble.com/c/Channel", "rumble", "Channel"},
    {"rumble.com/user/Name/livestreams", "https://rumble.com/user/Name/livestreams", "rumble",
     "Name"},
    {"https://Cdn.Example.COM:8443/Live/A.m3u8?t=1&utm_source=x&u=2#f",
     "https://cdn.example.com:8443/Live/A.m3u8?t=1&u=2", "hls"},
    {"https://cdn.example.com/a.m3u8?t=1!&utm_z=2", "https://cdn.example.com/a.m3u8?t=1", "hls"},
    {"http://cdn.example.com:80/a.m3u", "http://cdn.example.com/a.m3u", "hls"},
    {"cdn.example.com/a.M3U8", "https://cdn.example.com/a.M3U8", "hls"},
    {"https://cdn.example.com/a.m3u8?x=https://other.example/b",
     "https://cdn.example.com/a.m3u8?x=https://other.example/b", "hls"},
    {"https://8.8.8.8/a.m3u8", "https://8.8.8.8/a.m3u8", "hls"},
    {"https://media.example.com/room/1/whep", "https://media.example.com/room/1/whep", "webrtc"},
};

TEST(CanonicaliseDiscovered, GivesOneSpellingForEachStream) {
    for (const Taken& row : kTaken) {
        SCOPED_TRACE(row.text);
        const auto found = canonicalise_discovered(row.text);
        if (!found) {
            ADD_FAILURE() << skip_reason_name(found.error().reason);
            continue;
        }
        EXPECT_EQ(found->url, row.url);
        EXPECT_EQ(platform_name(found->platform), row.platform);
        EXPECT_EQ(found->streamer.value_or(""), row.streamer);
    }
}

TEST(CanonicaliseDiscovered, LeavesItsOwnResultsAlone) {
    for (const Taken& row : kTaken) {
        SCOPED_TRACE(row.url);
        const auto again = canonicalise_discovered(row.url);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->url, row.url);
        const auto stored = normalise_for_record(row.url);
        ASSERT_TRUE(stored);
        EXPECT_EQ(stored->url, row.url);
        EXPECT_EQ(platform_name(stored->platform), row.platform);
        EXPECT_EQ(stored->kind, UrlKind::kStream);
    }
}

struct Skipped {
    std::string_view text;
    std::string_view reason;
};

const Skipped kSkipped[] = {
    {"twitch.tv", "home"},
    {"https://www.twitch.tv/", "home"},
    {"https://youtube.com/?x=1", "home"},
    {"https://fb.watch/", "home"},
    {"https://x.com/home", "home"},
    {"https://twitch.tv/directory/game/Art", "directory"},
    {"https://kick.com/browse", "directory"},
    {"https://youtube.com/feed/subscriptions", "directory"},
    {"https://youtube.com/playlist?list=PL1", "directory"},
    {"https://youtube.com/watch", "directory"},
    {"https://facebook.com/watch/", "directory"},
    {"https://tiktok.com/live", "directory"},
    {"https://rumble.com/browse/live", "directory"},
    {"https://www.twitch.tv/settings/profile", "settings"},
    {"https://kick.com/dashboard/stream", "settings"},
    {"https://studio.youtube.com/channel/UC1", "settings"},
    {"https://clips.twitch.tv/Abc", "clip"},
    {"https://www.twitch.tv/foo/clip/Abc", "clip"},
    {"https://kick.com/foo?clip=clip_1", "clip"},
    {"https://kick.com/foo/clips/clip_1", "clip"},
    {"https://youtube.com/clip/Ugk1", "clip"},
    {"https://www.twitch.tv/videos/123", "recording"},
    {"https://www.twitch.tv/foo/videos", "recording"},
    {"https://kick.com/foo/videos/1-2", "recording"},
    {"https://www.tiktok.com/@foo/video/123", "recording"},
    {"https://instagram.com/p/abc", "recording"},
    {"https://instagram.com/foo/reel/abc", "recording"},
    {"https://facebook.com/reel/123", "recording"},
    {"https://facebook.com/page/videos", "recording"},
    {"https://notwitch.tv/foo", "look_alike_host"},
    {"https://twitch.tv.example.com/foo", "look_alike_host"},
    {"https://x.com.example.org/i/broadcasts/1", "look_alike_host"},
    {"https://tw1tch.tv/foo", "look_alike_host"},
    {"https://www.tvvitch.tv/foo", "look_alike_host"},
    {"https://y0utube.com/watch?v=dQw4w9WgXcQ", "look_alike_host"},
    {"https://twіtch.tv/foo", "idn_host"},
    {"https://xn--twtch-rvf.tv/foo", "idn_host"},
    {"https://user:secret@twitch.tv/foo", "credentials"},
    {"https://twitch.tv@example.com/foo", "credentials"},
    {"https://a@cdn.example.com/a.m3u8", "credentials"},
    {"ftp://twitch.tv/foo", "scheme"},
    {"rtmp://live.twitch.tv/app", "scheme"},
    {"http://127.0.0.1/a.m3u8", "private_address"},
    {"http://10.1.2.3:8080/whep", "private_address"},
    {"http://192.168.0.1/a.m3u8", "private_address"},
    {"http://169.254.169.254/a.m3u8", "private_address"},
    {"http://[::1]/a.m3u8", "private_address"},
    {"http://[::ffff:10.0.0.1]/a.m3u8", "private_address"},
    {"http://localhost/a.m3u8", "private_address"},
    {"http://nas.local/a.m3u8", "private_address"},
    {"http://2130706433/a.m3u8", "bad_url"},
    {"http://0x7f.1/a.m3u8", "bad_url"},
    {"http://cdn.example.com:99999/a.m3u8", "bad_url"},
    {"http://cdn.example.com/%zz/a.m3u8", "bad_url"},
    {"http://-bad-.example.com/a.m3u8", "bad_url"},
    {"https://twitch.tv/aaaaaaaaaaaaaaaaaaaaaaaaaa", "bad_name"},
    {"https://youtube.com/watch?v=short", "bad_name"},
    {"https://youtu.be/dQw4w9WgXcQQ", "bad_name"},
    {"https://youtube.com/channel/UCabcdefghijklmnopqrstuv", "unsupported_page"},
    {"https://help.twitch.tv/s/article", "unsupported_page"},
    {"https://instagram.com/someone", "unsupported_page"},
    {"https://facebook.com/somepage", "unsupported_page"},
    {"https://x.com/someone/status/1", "unsupported_page"},
    {"https://tiktok.com/foo", "unsupported_page"},
    {"https://example.com/page", "unsupported_host"},
    {"https://example.com/?u=twitch.tv/foo", "unsupported_host"},
    {"https://example.com/a.m3u8.bak", "unsupported_host"},
    {"https://example.com/nowhep", "unsupported_host"},
    {"https://twitch.tv:8443/foo", "unsupported_host"},
};

TEST(CanonicaliseDiscovered, SaysWhyALinkIsNotTaken) {
    for (const Skipped& row : kSkipped) {
        SCOPED_TRACE(row.text);
        const auto found = canonicalise_discovered(row.text);
        if (found) {
            ADD_FAILURE() << "taken as " << found->url;
            continue;
        }
        EXPECT_EQ(skip_reason_name(found.error().reason), row.reason);
    }
}

TEST(CanonicaliseDiscovered, EndsANameAtTheFirstCharacterThatItsPlatformForbids) {
    const Taken rows[] = {
        {"twitch.tv/foo-bar", "https://twitch.tv/foo", "twitch.tv/foo"},
        {"twitch.tv/foo%20", "https://twitch.tv/foo", "twitch.tv/foo"},
        {"twitch.tv/foo,twitch.tv/bar", "https://twitch.tv/foo", "twitch.tv/foo"},
        {"kick.com/foo.bar", "https://kick.com/foo", "kick.com/foo"},
        {"tiktok.com/@foo.bar.", "https://tiktok.com/@foo.bar/live", "tiktok.com/@foo.bar"},
        {"youtube.com/watch?v=dQw4w9WgXcQ)", "https://youtube.com/watch?v=dQw4w9WgXcQ",
         "youtube.com/watch?v=dQw4w9WgXcQ"},
        {"twitch.tv/foo\xF0\x9F\x94\xA5", "https://twitch.tv/foo", "twitch.tv/foo"},
        {"https://h.example/a.m3u8),next", "https://h.example/a.m3u8", "https://h.example/a.m3u8"},
        {"https://h.example/a.m3u8?k=(v).", "https://h.example/a.m3u8?k=(v",
         "https://h.example/a.m3u8?k=(v"},
    };
    for (const Taken& row : rows) {
        SCOPED_TRACE(row.text);
        const auto found = canonicalise_discovered(row.text);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->url, row.url);
        EXPECT_EQ(row.text.substr(0, found->length), row.platform);
    }
}

TEST(CanonicaliseDiscovered, LooksAtABoundedPartOfTheText) {
    const auto found =
        canonicalise_discovered("https://h.example/" + std::string(5000, 'a') + ".m3u8");
    ASSERT_FALSE(found);
    EXPECT_LE(found.error().length, kMaxUrlBytes + 1);
}

TEST(NormaliseForRecord, KeepsAnyValidWebAddress) {
    const Taken rows[] = {
        {"https://example.com", "https://example.com/", "other"},
        {"http://Example.com:80/A?utm_source=x&b=2#top", "http://example.com/A?b=2", "other"},
        {"https://example.com:0443/a", "https://example.com/a", "other"},
        {"https://example.com:8443/a?", "https://example.com:8443/a", "other"},
        {"http://localhost:3000/x", "http://localhost:3000/x", "other"},
        {"http://[2001:DB8::1]:80/x", "http://[2001:db8::1]/x", "other"},
        {"https://example.com/ü?q=ж", "https://example.com/%C3%BC?q=%D0%B6", "other"},
        {"https://münchen.example/", "https://m%C3%BCnchen.example/", "other"},
        {"https://notwitch.tv/foo", "https://notwitch.tv/foo", "other"},
        {"http://www.twitch.tv/videos/1?t=1#x", "https://twitch.tv/videos/1?t=1", "twitch"},
        {"https://clips.twitch.tv/Abc", "https://clips.twitch.tv/Abc", "twitch"},
        {"https://twitch.tv/foo,bar", "https://twitch.tv/foo,bar", "twitch"},
        {"https://twitch.tv:8443/foo", "https://twitch.tv:8443/foo", "other"},
        {"http://10.0.0.1/a.m3u8", "http://10.0.0.1/a.m3u8", "hls"},
        {"HTTP://Media.example.com/x/whep", "http://media.example.com/x/whep", "webrtc"},
        {"https://www.twitch.tv/Example", "https://twitch.tv/example", "twitch"},
        {"http://youtu.be/dQw4w9WgXcQ", "https://youtube.com/watch?v=dQw4w9WgXcQ", "youtube"},
    };
    for (const Taken& row : rows) {
        SCOPED_TRACE(row.text);
        const auto url = normalise_for_record(row.text);
        if (!url) {
            ADD_FAILURE() << url.error().message;
            continue;
        }
        EXPECT_EQ(url->url, row.url);
        EXPECT_EQ(platform_name(url->platform), row.platform);
        const auto again = normalise_for_record(url->url);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->url, url->url);
    }
}

TEST(NormaliseForRecord, RefusesWithoutRepairing) {
    const Skipped rows[] = {
        {"", "required"},
        {"twitch.tv/example", "invalid_scheme"},
        {"not-a-url", "invalid_scheme"},
        {"ftp://example.com/", "invalid_scheme"},
        {"javascript:alert(1)//https://x", "invalid_scheme"},
        {"//example.com/", "invalid_scheme"},
        {"http://", "invalid_host"},
        {"https://?x", "invalid_host"},
        {"https://a..b/", "invalid_host"},
        {"https://-a.example/", "invalid_host"},
        {"https://999.1.1.1/", "invalid_host"},
        {"https://[::g]/", "invalid_host"},
        {"https://twitch%2Etv/foo", "invalid_host"},
        {"https://example.com:0/", "invalid_port"},
        {"https://example.com:65536/", "invalid_port"},
        {"https://example.com:8a/", "invalid_port"},
        {"https://user@example.com/", "credentials"},
        {"https://user:pw@twitch.tv/foo", "credentials"},
        {" https://example.com/", "forbidden_character"},
        {"https://example.com/a b", "forbidden_character"},
        {"https://example.com/\"", "forbidden_character"},
        {"https://example.com/<x>", "forbidden_character"},
        {"https://example.com/\\x", "forbidden_character"},
        {"https://example.com/{x}", "forbidden_character"},
        {"https://example.com/x|y", "forbidden_character"},
        {"https://example.com/x^y", "forbidden_character"},
        {"https://example.com/`", "forbidden_character"},
        {"https://example.com/[x]", "forbidden_character"},
        {"https://example.com/#a#b", "forbidden_character"},
        {"https://example.com/%", "forbidden_character"},
        {"https://example.com/%4", "forbidden_character"},
        {"https://example.com/%zz", "forbidden_character"},
        {"https://example.com/\x7f", "forbidden_character"},
        {"https://example.com/\n", "forbidden_character"},
        {"https://example.com/\xff", "invalid_encoding"},
    };
    for (const Skipped& row : rows) {
        SCOPED_TRACE(row.text);
        const auto url = normalise_for_record(row.text);
        if (url) {
            ADD_FAILURE() << "accepted as " << url->url;
            continue;
        }
        EXPECT_EQ(url.error().code, row.reason);
        EXPECT_EQ(url.error().field, "url");
    }
}

TEST(NormaliseForRecord, LimitsTheLengthBeforeAndAfterEncoding) {
    const std::string start = "https://example.com/";
    const std::string longest = start + std::string(kMaxUrlBytes - start.size(), 'a');
    EXPECT_TRUE(normalise_for_record(longest));
    EXPECT_EQ(normalise_for_record(longest + "a").error().code, "too_long");
    std::string letters = start;
    while (letters.size() < 1000)
        letters += "ж";
    EXPECT_EQ(normalise_for_record(letters).error().code, "too_long");
}

TEST(NormaliseForFilter, TakesBareHosts) {
    EXPECT_EQ(normalise_for_filter("twitch.tv/Example")->url, "https://twitch.tv/example");
    EXPECT_EQ(normalise_for_filter("www.twitch.tv/example/")->url, "https://twitch.tv/example");
    EXPECT_EQ(normalise_for_filter("http://example.com/x")->url, "http://example.com/x");
    EXPECT_EQ(normalise_for_filter("youtu.be/dQw4w9WgXcQ")->platform, Platform::kYoutube);
    EXPECT_FALSE(normalise_for_filter(""));
    EXPECT_FALSE(normalise_for_filter("two words"));
}

TEST(PrivateHost, IsWhatNobodyOutsideCanMean) {
    for (const auto host : {"localhost", "nas", "a.local", "127.0.0.1", "10.0.0.1", "172.31.0.1",
                            "100.64.0.1", "0.0.0.0", "255.255.255.255", "[::1]", "[fe80::1]",
                            "[fd00::1]", "[::ffff:8.8.8.8]", "[2002:a00:1::]", "[2001:db8::1]"}) {
        EXPECT_TRUE(is_private_host(host)) << host;
    }
    for (const auto host : {"example.com", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1",
                            "[2606:4700::1]", "[2a00:1450::1]"}) {
        EXPECT_FALSE(is_private_host(host)) << host;
    }
}

}  // namespace
}  // namespace streamwall::model
