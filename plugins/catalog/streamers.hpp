// Streamers: who streams, with their accounts on platforms.
#pragma once

#include "resource.hpp"
#include "stream_records.hpp"

namespace streamwall::catalog {

class Streamers final : public Resource {
  public:
    // `streams` are those that refer to streamers.
    Streamers(StorePort& store, StreamRecords& streams);

    struct Wanted {
        std::string name;
        std::string platform;
        std::string username;  // the account's name, where the stream's URL tells it
    };
    // Who has the account, else who has the name, else a new one. The account is added to who lacks
    // it. Unless something may be made, NOT_FOUND where it would have to be.
    Flow<Object> find_or_make(Wanted wanted, bool may_make, Context context);
    // NOT_FOUND where there is none.
    Flow<Object> streamer(std::int64_t id, Context context) const;

    static std::string declaration();

    // Streams hold the name, and follow.
    Flow<> update(std::string request, Context context) override;
    // Its streams stay, without streamer.
    Flow<> remove(std::string request, Context context) override;

  protected:
    Result<Object> read(const Body& body) const override;
    Result<> derive(Object& values, const Object* before, const Context& context) const override;
    Flow<std::monostate> add_changes(Array& changes, Object& values, const Object* before,
                                     Context context) override;
    Flow<std::monostate> complete(Array& records, Context context) override;
    std::string_view shown_field(std::string_view field) const override;

  private:
    Flow<Object> owner_of(std::string_view platform, const std::string& username,
                          Context context) const;
    Flow<std::monostate> add_account(const Object& streamer, const Object& account,
                                     Context context);
    Flow<std::monostate> set_in_streams(std::int64_t id, Object values, Context context);

    StreamRecords& streams_;
};

}  // namespace streamwall::catalog
