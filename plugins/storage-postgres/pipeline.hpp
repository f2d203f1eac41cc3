// Statements that are sent together, and what comes back.
#pragma once

#include <libpq-fe.h>

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "failure.hpp"
#include "storage-sql/record.hpp"
#include "storage-sql/value.hpp"

namespace streamwall::postgres {

// The result of one statement; steps through its rows and is the row that it is on.
class Rows final : public storage::Row {
  public:
    Rows() = default;
    explicit Rows(PGresult* result) : result_(result), count_(PQntuples(result)) {}

    bool step() { return ++row_ < count_; }  // true on a row; the first call goes to the first
    bool step_back() { return --row_ >= 0; }
    int count() const { return count_; }
    std::int64_t affected() const;  // rows that an INSERT, UPDATE or DELETE has touched
    bool did_commit() const { return std::string_view(PQcmdStatus(result_.get())) == "COMMIT"; }

    bool is_null(std::size_t column) const override;
    std::int64_t integer(std::size_t column) const override;  // booleans are 0 and 1
    double real(std::size_t column) const override;
    std::string_view text(std::size_t column) const override;

  private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
    int row_ = -1;
    int count_ = 0;
};

// In the order of the pipeline. Behind a failure nothing was run.
struct Replies {
    std::vector<Rows> rows;
    std::optional<Failure> failure;  // of statement number rows.size()

    // Throws the failure, if there is one.
    Replies& check() {
        if (failure) throw *failure;
        return *this;
    }
};

// One-dimensional arrays in PostgreSQL's binary form, for unnest(): a value of type text.
class ArrayValue {
  public:
    // Object ids of the types.
    enum class Element : std::int32_t { kBigint = 20, kText = 25, kDouble = 701 };

    explicit ArrayValue(Element element);
    void add(std::string_view text);
    void add(std::int64_t integer);
    void add(double real);
    void add_null();

    // Valid until the next change.
    std::string_view value();

  private:
    void put(std::int32_t number);

    std::string bytes_;
    std::int32_t count_ = 0;
    bool has_null_ = false;
};

class Pipeline {
  public:
    // `sql` and the texts of `values` must outlive the run. Where it isn't `prepared`, the server
    // plans the statement each time.
    Pipeline& add(std::string_view sql, std::span<const storage::Value> values = {},
                  std::int64_t now_ms = 0) {
        items_.push_back({sql, values, now_ms, true});
        return *this;
    }
    Pipeline& add(const storage::Statement& statement, std::int64_t now_ms = 0) {
        return add(statement.sql, statement.values, now_ms);
    }
    // These keep what they are given.
    Pipeline& add_values(std::string_view sql, std::vector<storage::Value> values) {
        return add(sql, own_values_.emplace_back(std::move(values)));
    }
    Pipeline& add_made(std::string sql, std::vector<storage::Value> values) {
        return add_values(own_texts_.emplace_back(std::move(sql)), std::move(values));
    }
    Pipeline& add_once(std::string sql) {
        items_.push_back({own_texts_.emplace_back(std::move(sql)), {}, 0, false});
        return *this;
    }

    std::string_view keep(ArrayValue array) {
        return own_arrays_.emplace_back(std::move(array)).value();
    }

    struct Item {
        std::string_view sql;
        std::span<const storage::Value> values;
        std::int64_t now_ms = 0;
        bool prepared = true;
    };
    std::span<const Item> items() const { return items_; }
    std::size_t size() const { return items_.size(); }

  private:
    std::vector<Item> items_;
    std::deque<std::vector<storage::Value>> own_values_;
    std::deque<std::string> own_texts_;
    std::deque<ArrayValue> own_arrays_;
};

}  // namespace streamwall::postgres
