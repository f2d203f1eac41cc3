// The service discovery.messages: links that were brought by a call, and what became of each.
#pragma once

#include <streamwall/contracts/streams.hpp>
#include <streamwall/sdk/plugin.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "intake.hpp"

namespace streamwall::discovery {

// The data of stream.discovered, for a message of that source, user and id. `stream_id` is 0 where
// there is no stream yet.
struct MessageOrigin {
    std::string_view source, user, message_id;
};
std::string discovered_data(const FoundStream& stream, const MessageOrigin& origin,
                            std::int64_t stream_id = 0);

// A member of the plugin; all on its strand.
class Messages {
  public:
    struct Parts {
        Intake& intake;
        std::size_t max_message_bytes;
        std::function<Intake::Time()> now;
        // The catalog has it: told to everybody else.
        std::function<void(const FoundStream& stream, const MessageOrigin& origin,
                           std::int64_t stream_id, const sw_context& context)>
            announce;
    };
    Messages(PluginBase& plugin, Parts parts) : plugin_(plugin), parts_(std::move(parts)) {}

    Result<> offer();  // in start()

  private:
    struct Post;

    Answer answer(const Request& request);
    void settle(const std::shared_ptr<Post>& post, std::size_t at);
    void look_up(const std::shared_ptr<Post>& post, std::size_t at);
    void create(const std::shared_ptr<Post>& post, std::size_t at);
    void created(const std::shared_ptr<Post>& post, std::size_t at, const Result<Buffer>& reply);

    PluginBase& plugin_;
    const Parts parts_;
    std::optional<contracts::streams::Client> catalog_;
    std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace streamwall::discovery
