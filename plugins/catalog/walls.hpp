// Walls and their saved layouts: what is shown where. See arrangement.hpp.
#pragma once

#include "arrangement.hpp"

namespace streamwall::catalog {

class Layouts;

class Walls final : public Resource {
  public:
    Walls(StorePort& store, const Layouts& layouts);

    // NOT_FOUND where there is no such wall.
    Flow<std::monostate> expect(std::int64_t id, Context context) const;

    static std::string declaration();

  protected:
    Result<Object> read(const Body& body) const override;
    Result<> derive(Object& values, const Object* before, const Context& context) const override;
    Flow<std::monostate> add_changes(Array& changes, Object& values, const Object* before,
                                     Context context) override;
    Flow<std::monostate> add_removals(Array& changes, const Object& record,
                                      Context context) override;
    Flow<std::monostate> complete(Array& records, Context context) override;
    std::string_view shown_field(std::string_view field) const override;

  private:
    const Layouts& layouts_;
};

// Layouts belong to a wall, which requests name as `wall_id`: one of another wall is not found.
class Layouts final : public Resource {
  public:
    explicit Layouts(StorePort& store);
    // Before the first request.
    void set_walls(const Walls& walls) { walls_ = &walls; }

    Flow<> get(std::string request, Context context) override;
    Flow<> list(std::string request, Context context) override;
    Flow<> create(std::string request, Context context) override;
    Flow<> update(std::string request, Context context) override;
    Flow<> remove(std::string request, Context context) override;

    // Appends what removes every layout of a wall.
    Flow<std::monostate> add_removals_of(std::int64_t wall, Array& changes, Context context) const;

    static std::string declaration();

  protected:
    Result<Object> read(const Body& body) const override;
    Result<> derive(Object& values, const Object* before, const Context& context) const override;
    Flow<std::monostate> add_changes(Array& changes, Object& values, const Object* before,
                                     Context context) override;
    Flow<std::monostate> complete(Array& records, Context context) override;
    std::string_view shown_field(std::string_view field) const override;

  private:
    Flow<Array> of_wall(std::int64_t wall, Context context) const;
    Flow<std::monostate> expect(std::string request, Context context) const;

    const Walls* walls_ = nullptr;
};

}  // namespace streamwall::catalog
