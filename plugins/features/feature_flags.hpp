// features.flags: the records, the rules of who may change them, and decisions from memory.
#pragma once

#include <streamwall/contracts/features.hpp>
#include <streamwall/records/requests.hpp>
#include <streamwall/records/store.hpp>

#include <functional>
#include <map>
#include <string>

namespace streamwall::features {

inline constexpr std::string_view kCollection = "features";
inline constexpr std::string_view kByKey = "key";

// The request of `store.declare`.
inline constexpr std::string_view kDeclaration = R"({"collections":[
{"name":"features","fields":[
  {"name":"key","type":"text"},
  {"name":"enabled","type":"boolean","default":false},
  {"name":"nodes","type":"json","default":[]},
  {"name":"roles","type":"json","default":[]},
  {"name":"users","type":"json","default":[]},
  {"name":"percentage_of_actors","type":"integer"},
  {"name":"percentage_of_time","type":"integer"}],
 "unique":[{"name":"key","fields":["key"]}],"indexes":[]}]})";

inline constexpr std::size_t kMaxFlags = 200;

// All on the plugin's strand. Requests as in <streamwall/contracts/features.hpp>.
class FeatureFlags {
  public:
    explicit FeatureFlags(PluginBase& plugin);

    Result<> resolve();
    // Reads all flags, makes the built-in ones that are missing.
    Task<Result<>> load(Context context);
    // A flag as an event or a reply tells of it.
    void learn(const boost::json::object& record);

    Task<Result<Buffer>> list(std::string request, Context context);
    Task<Result<Buffer>> get(std::string request, Context context);
    Task<Result<Buffer>> create(std::string request, Context context);
    Task<Result<Buffer>> update(std::string request, Context context);
    Task<Result<Buffer>> enable(std::string request, Context context);
    Task<Result<Buffer>> disable(std::string request, Context context);
    Result<Buffer> decide(std::string_view request, const Context& context) const;
    Buffer snapshot(const Context& context) const;

  private:
    // What is to be set in the flag that is given.
    using Plan = std::function<boost::json::object(const boost::json::object&)>;

    Task<Result<boost::json::object>> find(std::string key, Context context);
    Task<Result<Buffer>> change(std::string request, Plan plan, Context context);
    // Whose first change makes a flag.
    Task<Result<>> add(boost::json::array changes, Context context);
    Task<Result<boost::json::array>> nodes_of_system(Context context);

    Services& services_;
    records::Store store_;
    Method list_nodes_;
    contracts::features::FlagTable table_;
    std::map<std::string, boost::json::object, std::less<>> records_;
};

}  // namespace streamwall::features
