// Conformance: leases, of the journal and of the store.
#pragma once

#include <chrono>
#include <thread>

#include "storage_conformance_journal.hpp"

namespace streamwall::testing {

class StorageLeases {
  public:
    explicit StorageLeases(const StorageBackend& backend, std::string service = "journal")
        : backend_(backend), service_(std::move(service)) {}

    boost::json::value ask(const std::string& owner, const std::string& more,
                           const std::string& name = "catalog/all") const {
        const auto reply =
            backend_.call(service_, "lease",
                          R"({"name":")" + name + R"(","owner":")" + owner + "\"" + more + "}");
        EXPECT_EQ(reply.status, kOk) << reply.message;
        return reply.status == kOk ? boost::json::parse(reply.body) : boost::json::value();
    }
    boost::json::value claim(const std::string& owner, int ttl_ms = 60'000,
                             const std::string& name = "catalog/all") const {
        return ask(owner, R"(,"ttl_ms":)" + std::to_string(ttl_ms), name);
    }
    boost::json::value renew(const std::string& owner, std::int64_t token,
                             int ttl_ms = 60'000) const {
        return ask(owner, R"(,"ttl_ms":)" + std::to_string(ttl_ms) + R"(,"token":)" +
                              std::to_string(token));
    }
    void release(const std::string& owner, std::int64_t token) const {
        EXPECT_EQ(ask(owner, R"(,"release":true,"token":)" + std::to_string(token)),
                  boost::json::value(boost::json::object()));
    }
    // Asks until the lease of whoever holds it has run out.
    boost::json::value claim_in_time(const std::string& owner, int ttl_ms) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        auto reply = claim(owner);
        while (!is_granted(reply) && std::chrono::steady_clock::now() < end) {
            backend_.move_clock(ttl_ms);  // a back end with a clock of its own pays no heed
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            reply = claim(owner);
        }
        return reply;
    }
    static bool is_granted(const boost::json::value& reply) {
        return reply.at("granted").as_bool();
    }
    static std::int64_t token_of(const boost::json::value& reply) {
        return reply.at("token").as_int64();
    }

  private:
    const StorageBackend& backend_;
    const std::string service_;
};

TEST_P(StorageJournal, GrantsALeaseToOneOwnerAndTellsOthersWhoHasIt) {
    for (const char* service : {"journal", "store"}) {
        const StorageLeases leases(backend_, service);
        const auto first = leases.claim("a@one");
        EXPECT_TRUE(leases.is_granted(first)) << service;
        EXPECT_EQ(first.at("owner"), "a@one");
        EXPECT_EQ(first.at("expires_in_ms"), 60'000);
        const auto second = leases.claim("a@two");
        EXPECT_FALSE(leases.is_granted(second)) << service;
        EXPECT_EQ(second.at("owner"), "a@one");
        EXPECT_EQ(second.at("token"), first.at("token"));
        EXPECT_GT(second.at("expires_in_ms").as_int64(), 0);
        EXPECT_LE(second.at("expires_in_ms").as_int64(), 60'000);
        EXPECT_TRUE(leases.is_granted(leases.claim("a@two", 60'000, "catalog/other")));
    }
}

TEST_P(StorageJournal, LeasesOfTheStoreAndOfTheJournalDoNotMeet) {
    EXPECT_TRUE(StorageLeases::is_granted(StorageLeases(backend_, "journal").claim("a@one")));
    EXPECT_TRUE(StorageLeases::is_granted(StorageLeases(backend_, "store").claim("a@two")));
}

TEST_P(StorageJournal, ARenewedLeaseKeepsItsToken) {
    const StorageLeases leases(backend_);
    const auto token = leases.token_of(leases.claim("a@one", 1000));
    const auto renewed = leases.renew("a@one", token, 60'000);
    EXPECT_TRUE(leases.is_granted(renewed));
    EXPECT_EQ(leases.token_of(renewed), token);
    EXPECT_EQ(renewed.at("expires_in_ms"), 60'000);
    EXPECT_FALSE(leases.is_granted(leases.renew("a@two", token)));
    EXPECT_FALSE(leases.is_granted(leases.renew("a@one", token + 1)));
}

TEST_P(StorageJournal, AnExpiredLeasePassesToWhoAsksWithAGreaterToken) {
    const StorageLeases leases(backend_);
    const auto token = leases.token_of(leases.claim("a@one", 50));
    const auto taken = leases.claim_in_time("a@two", 50);
    ASSERT_TRUE(leases.is_granted(taken));
    EXPECT_GT(leases.token_of(taken), token);
    const auto late = leases.renew("a@one", token);
    EXPECT_FALSE(leases.is_granted(late));
    EXPECT_EQ(late.at("owner"), "a@two");
}

TEST_P(StorageJournal, ALeaseThatNobodyTookIsRenewedLate) {
    const StorageLeases leases(backend_);
    const auto token = leases.token_of(leases.claim("a@one", 1));
    backend_.move_clock(1000);
    EXPECT_TRUE(leases.is_granted(leases.renew("a@one", token)));
}

TEST_P(StorageJournal, AReleasedLeaseIsFreeAtOnce) {
    const StorageLeases leases(backend_);
    const auto token = leases.token_of(leases.claim("a@one"));
    leases.release("a@two", token);
    leases.release("a@one", token + 1);
    EXPECT_FALSE(leases.is_granted(leases.claim("a@two"))) << "others' releases change nothing";
    leases.release("a@one", token);
    EXPECT_FALSE(leases.is_granted(leases.renew("a@one", token))) << "it was given up";
    const auto taken = leases.claim("a@two");
    EXPECT_TRUE(leases.is_granted(taken));
    EXPECT_GT(leases.token_of(taken), token);
}

TEST_P(StorageJournal, AnOwnerThatClaimsAgainTakesOverFromItself) {
    const StorageLeases leases(backend_);
    const auto before = leases.token_of(leases.claim("a@one"));
    const auto restarted = leases.claim("a@one");
    ASSERT_TRUE(leases.is_granted(restarted));
    EXPECT_GT(leases.token_of(restarted), before);
    EXPECT_FALSE(leases.is_granted(leases.renew("a@one", before)));
}

TEST_P(StorageJournal, PositionsAreNotSavedWithALostLease) {
    const StorageLeases leases(backend_);
    const auto token = leases.token_of(leases.claim("a@one"));
    const auto save = [&](std::int64_t proof, int sequence) {
        return raw("journal", "save_positions",
                   R"({"positions":[{"name":"catalog/all","epoch":"e","sequence":)" +
                       std::to_string(sequence) + R"(}],"lease":{"name":"catalog/all","token":)" +
                       std::to_string(proof) + "}}")
            .status;
    };
    EXPECT_EQ(save(token, 1), kOk);
    const auto next = leases.token_of(leases.claim("a@one"));
    EXPECT_EQ(save(token, 5), kAborted);
    EXPECT_EQ(save(next, 2), kOk);
    leases.release("a@one", next);
    EXPECT_EQ(save(next, 6), kAborted);
    EXPECT_EQ(journal("position", R"({"name":"catalog/all"})").at("sequence"), 2);
}

TEST_P(StorageJournal, RefusesLeasesThatMakeNoSense) {
    for (const std::string bad :
         {R"({"owner":"a","ttl_ms":1})", R"({"name":"x","ttl_ms":1})",
          R"({"name":"x","owner":"a"})", R"({"name":"x","owner":"a","ttl_ms":0})",
          R"({"name":"x","owner":"a","ttl_ms":3600001})", R"({"name":"","owner":"a","ttl_ms":1})",
          R"({"name":"x","owner":"a","ttl_ms":1,"token":0})",
          R"({"name":"x","owner":"a","ttl_ms":1,"release":1})"}) {
        EXPECT_EQ(raw("journal", "lease", bad).status, kInvalidArgument) << bad;
    }
    for (const std::string bad : {R"(5)", R"({"name":"x"})", R"({"token":1})"}) {
        EXPECT_EQ(
            raw("journal", "save_positions", R"({"positions":[],"lease":)" + bad + "}").status,
            kInvalidArgument)
            << bad;
    }
}

}  // namespace streamwall::testing
