#include "cli/progress.hpp"

#include "cli/control_client.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <ostream>

namespace streamwall::cli {

namespace json = boost::json;

namespace {

constexpr std::int64_t kWidth = 30;
constexpr std::string_view kEmptyLine = "\r\x1b[K";

std::string with_commas(std::int64_t number) {
    auto out = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3)
        out.insert(static_cast<std::size_t>(at), 1, ',');
    return out;
}

std::int64_t number_at(const json::object& data, std::string_view name) {
    const auto* value = data.if_contains(name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace

std::string progress_line(std::int64_t done, std::int64_t total) {
    done = std::clamp<std::int64_t>(done, 0, std::max<std::int64_t>(total, 0));
    const auto share = [&](std::int64_t of) { return total > 0 ? done * of / total : of; };
    return fmt::format("[{:<{}}] {:3} %  {} of {}",
                       std::string(static_cast<std::size_t>(share(kWidth)), '#'), kWidth,
                       share(100), with_commas(done), with_commas(total));
}

Progress::Progress(Session& session, std::filesystem::path data)
    : session_(session),
      data_(std::move(data)),
      id_(fmt::format("{}-{}", ::getpid(),
                      std::chrono::steady_clock::now().time_since_epoch().count())),
      thread_([this] { hear(); }) {}

Progress::~Progress() {
    raise_signal(stop_);
    thread_.join();
    if (is_drawn_) session_.console.err << kEmptyLine << std::flush;
}

// Without these events the command is carried out all the same: nobody is told where they fail.
void Progress::hear() {
    auto client = ControlClient::connect(data_, stop_.get());
    if (!client) return;
    const json::object request{
        {"verb", "events.tap"}, {"pattern", "command.progress"}, {"nodes", "*"}};
    (void)client->stream(request, [this](const json::object& message) {
        const auto* event = message.if_contains("line");
        const auto* data =
            event && event->is_object() ? event->get_object().if_contains("data") : nullptr;
        if (!data || !data->is_object()) return true;
        const auto* subject = event->get_object().if_contains("subject");
        if (!subject || *subject != json::value("command/" + id_)) return true;
        const auto line = progress_line(number_at(data->get_object(), "done"),
                                        number_at(data->get_object(), "total"));
        session_.console.err << kEmptyLine << line << std::flush;
        is_drawn_ = true;
        return true;
    });
}

}  // namespace streamwall::cli
