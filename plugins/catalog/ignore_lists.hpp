// Ignore lists: who and what discovery passes over.
#pragma once

#include "resource.hpp"

namespace streamwall::catalog {

class IgnoreLists final : public Resource {
  public:
    static constexpr std::size_t kMaxBulk = 1000;

    explicit IgnoreLists(StorePort& store);

    Flow<> by_type(std::string request, Context context);
    Flow<> bulk_create(std::string request, Context context);
    Flow<> bulk_delete(std::string request, Context context);

    // The request of `store.declare` for them.
    static std::string declaration();

  protected:
    Result<Object> read(const Body& body) const override;
    Result<> derive(Object& values, const Object* before, const Context& context) const override;
    std::string_view shown_field(std::string_view field) const override;

  private:
    struct Entry {
        std::size_t index = 0;  // among those that were given
        Object values;
        Array errors;
    };
    std::vector<Entry> read_entries(const Array& given, const Context& context) const;
    Flow<std::monostate> mark_known(std::vector<Entry>& entries, Context context);
};

// The one spelling of a value, by the type of its list; nothing where it is no such value. Users
// and domains are in lower case, without `www.`; URLs have a scheme and no slash at their end.
std::optional<std::string> normalise_ignored(std::string_view list_type, std::string_view value);

}  // namespace streamwall::catalog
