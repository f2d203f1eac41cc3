// The conformance kit of storage back ends: every sentence of plugin-api/store.md as a test.
//
// Include it in one source of a GoogleTest program and say how to make an empty store:
//
//   INSTANTIATE_TEST_SUITE_P(Mine, StorageConformance, ::testing::Values(make_backend));
//
// in namespace streamwall::testing. A back end of several threads should run it under TSan, too.
#pragma once

#include "storage_conformance_changes.hpp"
#include "storage_conformance_declare.hpp"
#include "storage_conformance_journal.hpp"
#include "storage_conformance_leases.hpp"
#include "storage_conformance_load.hpp"
#include "storage_conformance_queries.hpp"
#include "storage_conformance_search.hpp"
