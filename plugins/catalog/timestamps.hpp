// Timestamps: moments that somebody marked, and at which second of which streams they are seen.
#pragma once

#include "resource.hpp"

namespace streamwall::catalog {

class Timestamps final : public Resource {
  public:
    explicit Timestamps(StorePort& store);

    Flow<> resolve(std::string request, Context context);
    Flow<> dismiss(std::string request, Context context);
    // Adds one stream to those of a timestamp.
    Flow<> add_stream(std::string request, Context context);
    // The same list without one of them.
    Flow<> remove_stream(std::string request, Context context);

    // A stream is gone: no timestamp refers to it any more.
    Flow<> forget_stream(std::int64_t stream_id, Context context);

    // For an import. The id of one at the same moment with the same title; 0 where there is none.
    Flow<std::int64_t> find_same(Object body, Context context) const;
    // As create, with that owner (0: none) instead of who asks.
    Flow<> create_for(std::int64_t user_id, Object body, Context context);

    static std::string declaration();

  protected:
    Result<Object> read(const Body& body) const override;
    Result<> derive(Object& values, const Object* before, const Context& context) const override;
    Flow<std::monostate> add_changes(Array& changes, Object& values, const Object* before,
                                     Context context) override;
    Flow<std::monostate> complete(Array& records, Context context) override;
    Flow<std::string> filter_elsewhere(std::string request, Context context) const override;
    std::string_view shown_field(std::string_view field) const override;

  private:
    Flow<std::monostate> check_streams(const Array& wanted, Context context) const;
    Flow<Object> change_rows(const Object& before, Object row_change, Context context);
};

}  // namespace streamwall::catalog
