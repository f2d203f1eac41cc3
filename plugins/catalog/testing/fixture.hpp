// What most tests of the catalog's rules need: records over a store in memory, a clock that stands
// still, and requests by one line.
#pragma once

#include "memory_store.hpp"
#include "streams_service.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

#include <string>

namespace streamwall::catalog::testing {

class CatalogTest : public ::testing::Test {
  protected:
    using Operation = contracts::streams::Operation;
    static constexpr std::uint64_t kSecond = 1'000'000'000;

    CatalogTest() {
        context.size = sizeof context;
        context.deadline_ns = now + 5 * kSecond;
    }

    // The reply, which must have come by the time this returns.
    Result<Buffer> ask(Operation operation, std::string_view request) {
        std::optional<Result<Buffer>> out;
        serve(records, operation, request, context,
              [&](Result<Buffer> reply) { out = std::move(reply); });
        if (!out) return Error::internal("no reply yet");
        return std::move(*out);
    }
    Result<Buffer> create(std::string_view body) {
        return ask(Operation::kCreate, contracts::streams::Create{.body = body}.request().view());
    }
    Result<Buffer> patch(std::int64_t id, std::string_view body,
                         contracts::streams::Versions versions = {}) {
        const contracts::streams::Update update{
            .id = id, .body = body, .versions = std::move(versions)};
        return ask(Operation::kUpdate, update.request().view());
    }
    Result<Buffer> act(Operation operation, std::int64_t id) {
        return ask(operation, contracts::streams::id_request(id).view());
    }
    static boost::json::object parsed(const Result<Buffer>& reply) {
        if (!reply) {
            ADD_FAILURE() << reply.error().message;
            return {};
        }
        return json::parse_object(reply->view()).value();
    }
    const WrittenEvent& last_event() const { return store.events().back(); }

    std::uint64_t now = 1000 * kSecond;
    std::int64_t wall_ms = 1'767'268'740'000;  // 2026-01-01T11:59:00.000Z
    sw_context context{};
    MemoryStore store;
    StreamRecords records{store, [this] { return now; }, std::size_t{1} << 20,
                          [this] { return wall_ms; }};
};

}  // namespace streamwall::catalog::testing
