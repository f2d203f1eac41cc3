// Kinds of records beside streams: ignore entries, streamers, locations, timestamps, walls. How
// such records are read, listed, created, changed and removed is here; a class of each kind says
// what a body may hold, and what is kept beside the record.
#pragma once

#include "flow.hpp"
#include "resource_list.hpp"

#include <streamwall/model/fields.hpp>
#include <streamwall/records/input.hpp>
#include <streamwall/records/store.hpp>

#include <boost/json.hpp>

#include <map>
#include <string>

namespace streamwall::catalog {

struct ResourceKind {
    std::string_view collection;
    std::string_view name;     // "streamer": events are streamer.created, .updated and .deleted
    std::string_view title;    // "streamer", for people
    std::string_view wrapper;  // what old clients nest a body under
    ListRules list;
    std::span<const std::string_view> hidden = {};  // fields that nobody outside is shown
    // The collection of what is kept beside a record: rows whose `owner` is the record's `handle`.
    std::string_view rows = {};
};

// What a client asks for.
struct Body {
    boost::json::object members;
    model::InputMode mode = model::InputMode::kCreate;
    std::string_view request;  // holds `strict`

    bool needs_all() const { return mode != model::InputMode::kPatch; }
};

// Safe on every thread; outlives its flows. Requests and replies as in
// <streamwall/contracts/resources.hpp>.
class Resource {
  public:
    using Object = boost::json::object;
    using Array = boost::json::array;

    Resource(const ResourceKind& kind, StorePort& store) : kind_(kind), store_(store) {}
    Resource(const Resource&) = delete;
    Resource& operator=(const Resource&) = delete;
    virtual ~Resource() = default;

    const ListRules& list_rules() const { return kind_.list; }

    virtual Flow<> get(std::string request, Context context);
    virtual Flow<> list(std::string request, Context context);
    virtual Flow<> create(std::string request, Context context);
    virtual Flow<> update(std::string request, Context context);
    virtual Flow<> remove(std::string request, Context context);

    // Whether a new record may hold this; INVALID_ARGUMENT names each field that is wrong.
    Result<> check(const Object& body, const Context& context) const;

  protected:
    // The values that a body gives to fields, by name; INVALID_ARGUMENT names each that is wrong.
    virtual Result<Object> read(const Body& body) const = 0;

    // Completes `values` with what follows from them. `before`: the record that is changed, or
    // null.
    virtual Result<> derive(Object& values, const Object* before, const Context& context) const;
    // Appends the changes beside the record's own, and takes what they hold out of `values`.
    virtual Flow<std::monostate> add_changes(Array& changes, Object& values, const Object* before,
                                             Context context);
    // Comes before the record is removed; appends what goes with it: its rows.
    virtual Flow<std::monostate> add_removals(Array& changes, const Object& record,
                                              Context context);
    // A filter of the store for what ListFilter::Match::kElsewhere asks for; empty: none.
    virtual Flow<std::string> filter_elsewhere(std::string request, Context context) const;
    // Adds to records as the store has them what is kept or counted elsewhere.
    virtual Flow<std::monostate> complete(Array& records, Context context);
    virtual bool is_complete() const { return kind_.hidden.empty(); }
    // Something was changed, by us.
    virtual void changed() {}
    // The name outside for a field whose value is in use.
    virtual std::string_view shown_field(std::string_view field) const { return field; }

    // Steps for flows.
    const ResourceKind& kind() const { return kind_; }
    Flow<Object> find(std::int64_t id, Context context) const;
    Flow<Object> find_by(std::string_view unique, Array values, Context context) const;
    Flow<Object> query(Object request, Context context) const;
    Flow<Object> query(std::string request, Context context) const;
    // Every record that `query` finds, page by page.
    Flow<Array> query_all(Object query, Context context) const;
    static constexpr std::size_t kMaxListed = 200;  // values in a filter of the store
    // The rows beside records that have one of `values` in a field, however many values.
    Flow<Array> rows_with(std::string_view field, Array values, Context context) const;
    Flow<Array> rows_of(const Object& record, Context context) const;
    // The members `shown` of the rows of each record, by the record's handle.
    using RowsByOwner = std::map<std::string, Array, std::less<>>;
    Flow<RowsByOwner> rows_by_owner(const Array& records, std::span<const std::string_view> shown,
                                    Context context) const;
    // INVALID_ARGUMENT, about `field`, where one of these different ids is that of no stream.
    Flow<std::monostate> expect_streams(Array ids, std::string field, Context context) const;
    // Archived ones, too.
    Flow<std::int64_t> count_streams(std::string_view field, std::int64_t id,
                                     Context context) const;
    Flow<Array> apply(Array changes, Context context);
    Flow<Object> insert(Object values, Context context);
    // Sets `values` in the record that `request` names.
    Flow<> set_values(std::string request, Object values, Context context);
    Flow<> shown(Object record, Context context);
    Result<Body> read_request(std::string_view request, model::InputMode mode) const;
    Error not_found() const;
    std::string event_type(std::string_view verb) const;

  private:
    Flow<Object> change_once(const std::string& request, Object values, const Object& before,
                             Context context);
    Result<Object> found(Result<Buffer> reply) const;
    Error taken(const Error& error) const;

    const ResourceKind& kind_;
    StorePort& store_;
};

// The record's members without `hidden`, with `more` before those that the store sets.
boost::json::object shown_record(const boost::json::object& record,
                                 std::span<const std::string_view> hidden,
                                 boost::json::object more);

// Adds an error for each of `names` that is there and null.
void refuse_null(const Body& body, std::initializer_list<std::string_view> names,
                 records::FieldErrors& errors);

// A new name for a record, by which rows beside it refer to it before its id is known.
std::string make_handle();

}  // namespace streamwall::catalog
