// The requests and replies of the service `limits`, method `exchange`.
#include "shared_limits.hpp"

#include <boost/json.hpp>

namespace streamwall::http_server {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostWindows = 200;  // that the service takes at a time

std::string to_text(const RateKey& key) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out(1, "acu"[static_cast<std::size_t>(key.kind)]);
    for (const auto byte : key.id) {
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

std::string render(const std::string& instance, const std::vector<RateLimiter::Report>& reports) {
    json::array windows;
    for (const auto& report : reports) {
        json::array passed;
        for (const auto& each : report.passed)
            passed.push_back(json::array{each.age, each.count});
        windows.push_back(json::object{{"key", to_text(report.key)}, {"passed", passed}});
    }
    return json::serialize(json::object{{"instance", instance}, {"windows", windows}});
}

// Throws where the reply is none; what a neighbour says is not believed blindly.
std::vector<Passed> read_window(const json::value& window) {
    std::vector<Passed> out;
    for (const auto& pair : window.as_array()) {
        out.push_back(
            {pair.at(0).to_number<std::uint32_t>(), pair.at(1).to_number<std::uint32_t>()});
    }
    return out;
}

}  // namespace

SharedLimits::SharedLimits(RateLimiter& limiter, std::string instance, Outside outside)
    : limiter_(limiter), instance_(std::move(instance)), outside_(std::move(outside)) {
    limiter_.share([this] { exchange(false); });
}

void SharedLimits::exchange(bool is_tick) {
    if (is_busy_.exchange(true)) {
        if (!is_tick) wants_more_ = true;
        return;
    }
    const auto now = outside_.now();
    auto reports = limiter_.take_reports(kMostWindows, now);
    // Without reports once a second is enough to be counted.
    if (reports.empty() && now == last_exchange_) {
        is_busy_ = false;
        return;
    }
    last_exchange_ = now;
    auto request = render(instance_, reports);
    outside_.ask(std::move(request),
                 [this, reports = std::move(reports)](std::optional<std::string_view> reply) {
                     answered(reports, reply);
                 });
}

void SharedLimits::answered(const std::vector<RateLimiter::Report>& reports,
                            std::optional<std::string_view> reply) {
    const auto now = outside_.now();
    std::vector<std::vector<Passed>> totals;
    bool shared = false;
    try {
        const auto value =
            reply ? json::parse(*reply) : json::value(json::object{{"shared", false}});
        shared = value.at("shared").as_bool();
        if (shared) {
            limiter_.set_parts(value.at("instances").to_number<std::uint32_t>());
            for (const auto& window : value.at("windows").as_array())
                totals.push_back(read_window(window));
        }
    } catch (const std::exception&) {
        shared = false;
    }
    shared = shared && totals.size() == reports.size();
    if (!shared) limiter_.set_parts(0);
    bool goes_on = false;
    for (std::size_t n = 0; n < reports.size(); ++n) {
        const auto total =
            shared ? std::optional<std::span<const Passed>>(totals[n]) : std::nullopt;
        goes_on = limiter_.settle(reports[n].key, total, now) || goes_on;
    }
    const int told = shared ? 1 : 0;
    if (told_.exchange(told) != told) outside_.on_change(shared);
    is_busy_ = false;
    // Where nobody answers the next tick is soon enough.
    if (wants_more_.exchange(false) || goes_on) {
        if (shared) exchange(false);
    }
}

}  // namespace streamwall::http_server
