// RoomOutlet: what a room says to a client of /cable, as ActionCable's messages.
#pragma once

#include <streamwall/rooms/rooms.hpp>
#include <streamwall/sdk/websocket.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace streamwall::hub {

class RoomOutlet final : public rooms::Outlet {
  public:
    RoomOutlet(http::WsConnection connection, std::string identifier)
        : connection_(connection), identifier_(std::move(identifier)) {}

    void confirm() override;
    void reject(const Error& error) override;
    Buffer render(std::string_view message) const override;
    void send(const Buffer& rendered) override { connection_->send(rendered); }
    void send_to_all(std::span<Outlet* const> all, const Buffer& rendered) override;

  private:
    const http::WsConnectionRef connection_;
    const std::string identifier_;
};

}  // namespace streamwall::hub
