// Helpers of this plugin's tests: one server for the program, and stores in schemas of their own,
// called as if calls would block.
#pragma once

#include <gtest/gtest.h>
#include <postgres_server.hpp>

#include <string>

#include "storage-sql/testing/store_calls.hpp"
#include "store.hpp"

namespace streamwall::postgres {

using storage::Answer;
using storage::Health;
using storage::Hooks;
using storage::Method;
using storage::testing::call;
using storage::testing::test_origin;
using storage::testing::Witness;
using testing::PostgresServer;

// Started when first asked for; null where there can be none here.
PostgresServer* shared_server();

#define SKIP_WITHOUT_POSTGRES()                                                                \
    if (const auto reason = ::streamwall::testing::PostgresServer::missing(); !reason.empty()) \
    GTEST_SKIP() << reason

// A name that no other test has.
std::string fresh_schema();

Options options_for(const PostgresServer& server, const std::string& schema);

// One value of one row, by a session of its own.
std::string ask_server(const PostgresServer& server, const std::string& sql);

}  // namespace streamwall::postgres
