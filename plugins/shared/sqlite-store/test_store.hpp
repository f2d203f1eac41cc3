// Helpers of this plugin's tests: a store in a folder of its own, called as if calls would block.
#pragma once

#include <streamwall/testing/temporary_folder.hpp>

#include <gtest/gtest.h>

#include <string>

#include "sqlite-store/store.hpp"
#include "storage-sql/testing/store_calls.hpp"

namespace streamwall::sqlite {

using storage::testing::call;
using storage::testing::SeenEvent;
using storage::testing::test_origin;
using storage::testing::Witness;

class DatabaseFolder : public testing::TemporaryFolder {
  public:
    DatabaseFolder() : TemporaryFolder("store") {}
    std::string file(const std::string& name = "test.db") const { return *this / name; }
};

}  // namespace streamwall::sqlite
