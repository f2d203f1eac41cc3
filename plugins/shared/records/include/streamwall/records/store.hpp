// The store for plugins that keep records, in coroutines: what to ask for, and members of records.
#pragma once

#include <streamwall/contracts/store.hpp>
#include <streamwall/sdk/coroutine.hpp>

#include <boost/json.hpp>

#include <optional>
#include <string_view>

namespace streamwall::records {

class Store {
  public:
    explicit Store(PluginBase& plugin) : services_(plugin.services()) {}
    Result<> resolve();

    // The record, or nothing where there is none. `request` as of the service's `get`.
    Task<Result<std::optional<boost::json::object>>> find(boost::json::object request,
                                                          Context context) const;
    Task<Result<std::optional<boost::json::object>>> find(std::string_view collection,
                                                          std::int64_t id, Context context) const;
    Task<Result<std::optional<boost::json::object>>> find(std::string_view collection,
                                                          std::string_view unique,
                                                          std::string value, Context context) const;
    // The reply of `query`.
    Task<Result<boost::json::object>> query(boost::json::object request, Context context) const;
    // The results of `apply`.
    Task<Result<boost::json::array>> apply(boost::json::array changes, Context context) const;

  private:
    Services& services_;
    Method get_, query_, apply_;
};

namespace change {
boost::json::object insert(std::string_view collection, boost::json::object record);
// Fails as ABORTED where the record has another version.
boost::json::object update(std::string_view collection, const boost::json::object& record,
                           boost::json::object set);
boost::json::object erase(std::string_view collection, const boost::json::object& record);
// Whose data is the record of the change at `index`; `changes` may be empty.
boost::json::object event(std::string_view type, std::string_view subject, std::int64_t index,
                          boost::json::object changes = {});
// With data of its own.
boost::json::object event(std::string_view type, std::string_view subject, boost::json::object data,
                          boost::json::object changes = {});
}  // namespace change

// Members of records.
std::int64_t number_at(const boost::json::object& record, std::string_view name);
std::string_view text_at(const boost::json::object& record, std::string_view name);
bool flag_at(const boost::json::object& record, std::string_view name);

}  // namespace streamwall::records
