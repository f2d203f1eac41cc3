// Which hosts are a platform's, and which only look like it.
#include "platform_rules.hpp"

#include <algorithm>
#include <array>

namespace streamwall::model {
namespace {

struct KnownDomain {
    std::string_view domain;
    Platform platform;
};

constexpr auto kDomains = std::to_array<KnownDomain>({
    {"twitch.tv", Platform::kTwitch},
    {"kick.com", Platform::kKick},
    {"tiktok.com", Platform::kTiktok},
    {"youtube.com", Platform::kYoutube},
    {"youtu.be", Platform::kYoutube},
    {"youtube-nocookie.com", Platform::kYoutube},
    {"facebook.com", Platform::kFacebook},
    {"fb.com", Platform::kFacebook},
    {"fb.watch", Platform::kFacebook},
    {"instagram.com", Platform::kInstagram},
    {"x.com", Platform::kX},
    {"twitter.com", Platform::kX},
    {"rumble.com", Platform::kRumble},
});

constexpr std::array<std::string_view, 5> kVariants = {"www", "m", "mobile", "web", "music"};

// The host with letters that look alike made equal: "tw1tch.tv" and "twltch.tv" become one.
std::string skeleton(std::string_view host) {
    std::string plain;
    for (std::size_t i = 0; i < host.size(); ++i) {
        const std::string_view pair = host.substr(i, 2);
        if (pair == "vv" || pair == "rn") {
            plain += pair == "vv" ? 'w' : 'm';
            ++i;
        } else if (host[i] != '-') {
            const std::size_t at = std::string_view("0135l").find(host[i]);
            plain += at == std::string_view::npos ? host[i] : "oiesi"[at];
        }
    }
    return plain;
}

}  // namespace

std::optional<Site> find_site(std::string_view host) {
    for (const KnownDomain& known : kDomains) {
        if (!host.ends_with(known.domain)) continue;
        std::string_view before = host.substr(0, host.size() - known.domain.size());
        if (before.empty()) return Site{known.platform, known.domain, {}};
        if (!before.ends_with('.')) continue;
        before.remove_suffix(1);
        const bool variant = std::ranges::find(kVariants, before) != kVariants.end();
        return Site{known.platform, known.domain, variant ? std::string_view() : before};
    }
    return std::nullopt;
}

bool imitates_a_site(std::string_view host) {
    // Shorter names are part of too many honest ones ("netflix.com").
    constexpr std::size_t kTellingLength = 8;
    const std::string plain = skeleton(host);
    for (const KnownDomain& known : kDomains) {
        const std::string_view domain = known.domain;
        if (domain.size() >= kTellingLength && host.find(domain) != std::string_view::npos) {
            return true;
        }
        if (host.starts_with(domain) && host.substr(domain.size()).starts_with('.')) return true;
        const std::string model = skeleton(domain);
        if (plain == model || plain.ends_with("." + model)) return true;
    }
    return false;
}

}  // namespace streamwall::model
