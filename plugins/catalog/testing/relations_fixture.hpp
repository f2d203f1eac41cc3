// Streams, streamers, locations and timestamps over one real store, as the catalog keeps them.
#pragma once

#include "relations.hpp"
#include "resource_fixture.hpp"
#include "streams_service.hpp"
#include "timestamps.hpp"

namespace streamwall::catalog::testing {

class RelationsTest : public ResourceTest {
  protected:
    using Operation = contracts::streams::Operation;

    RelationsTest() {
        context.deadline_ns = std::uint64_t{60} * 1'000'000'000;
        streams.relate(relations);
    }
    Result<Object> ask_streams(Operation operation, std::string_view request) {
        std::optional<Result<Buffer>> out;
        serve(streams, operation, request, context,
              [&](Result<Buffer> reply) { out = std::move(reply); });
        if (!out) return Error::internal("no reply yet");
        if (!*out) return out->error();
        return json::parse_object((*out)->view());
    }
    Result<Object> create_stream(std::string_view body) {
        const auto request = contracts::streams::Create{.body = body}.request();
        return ask_streams(Operation::kCreate, request.view());
    }
    // The new stream.
    Object streamed(std::string_view body) {
        auto reply = create_stream(body);
        if (reply) return reply->at("stream").as_object();
        ADD_FAILURE() << reply.error().message << " " << body;
        return {};
    }
    Result<Object> patch_stream(std::int64_t id, std::string_view body) {
        const contracts::streams::Update update{.id = id, .body = body};
        return ask_streams(Operation::kUpdate, update.request().view());
    }
    Object stream(std::int64_t id) {
        return ask_streams(Operation::kGet, contracts::streams::get_request(id).view()).value();
    }

    bool is_validated = false;
    StreamRecords streams{store, [] { return std::uint64_t{1}; }, std::size_t{1} << 20};
    Streamers streamers{store, streams};
    Locations locations{store};
    Timestamps timestamps{store};
    Relations relations{streamers, locations, [this](const sw_context&) { return is_validated; }};
};

}  // namespace streamwall::catalog::testing
