// Locations: the places where streams are, one record for each.
#pragma once

#include "resource.hpp"

#include <map>
#include <mutex>

namespace streamwall::catalog {

class Locations final : public Resource {
  public:
    explicit Locations(StorePort& store);

    Flow<> all(std::string request, Context context);
    Flow<> known_cities(std::string request, Context context);

    struct Place {
        std::string city, state, country;  // empty where not given
    };
    struct Finding {
        bool known_only = false;  // INVALID_ARGUMENT where the place is no known city
        bool may_make = true;     // else NOT_FOUND where there is none
    };
    Flow<Object> find_or_make(Place place, Finding finding, Context context);
    // NOT_FOUND where there is none.
    Flow<Object> location(std::int64_t id, Context context) const;

    // A location was made, changed or removed, by whomever.
    void heard();

    static std::string declaration();

  protected:
    Result<Object> read(const Body& body) const override;
    Result<> derive(Object& values, const Object* before, const Context& context) const override;
    Flow<std::monostate> add_removals(Array& changes, const Object& record,
                                      Context context) override;
    Flow<std::monostate> complete(Array& records, Context context) override;
    void changed() override { heard(); }

  private:
    Flow<> plain_list(Object filter, Context context);
    Flow<Object> look_up(const Place& place, bool known_only, Context context) const;
    void remember(std::string key, Object location, std::uint64_t generation);

    std::mutex mutex_;
    std::uint64_t generation_ = 0;         // grows with each change
    std::map<std::string, Object> known_;  // by place; what streams named lately
};

// "austin, tx, usa": by this, two spellings are one place.
std::string normal_place(const Locations::Place& place);

}  // namespace streamwall::catalog
