// Routes of the kinds of records that the catalog keeps beside streams: they are listed, made,
// read, changed and deleted alike. A file of each kind says under which path and for whom, and adds
// what only that kind has.
#pragma once

#include "list_query.hpp"
#include "openapi_parts.hpp"
#include "routes.hpp"

#include <streamwall/contracts/resources.hpp>
#include <streamwall/sdk/services.hpp>

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace streamwall::rest_api {

// The methods of one of those services. [any thread]
class ResourceClient {
  public:
    // Resolves what all services have, and `own`.
    static Result<ResourceClient> resolve(const Services& services, std::string_view service,
                                          std::initializer_list<std::string_view> own = {});

    // `done(Result<Buffer>)` as Services::call.
    template <class Done>
    void call(std::string_view method, const Buffer& request, const sw_context& context,
              Done done) const {
        services_->call(methods_.find(method)->second, request, context, std::move(done));
    }

  private:
    const Services* services_ = nullptr;
    std::map<std::string, Method, std::less<>> methods_;
};

struct Audience {
    int access = SW_HTTP_ADMIN;
    std::string_view scope = {};  // a key with this scope passes, too
};

struct ResourceRoutes {
    std::string_view path;    // "/api/v1/streamers"
    std::string_view plural;  // the member of a list that holds the records
    std::string_view schema;  // "Streamer"; what clients send is "StreamerInput", "NewStreamer"
    std::string_view title;   // "streamer"
    ListRules list;
    Audience readers;
    Audience writers;
    // Records hold what their version says nothing of, such as a count: they are never "unchanged".
    bool has_counts = false;
    // Of records below another: the name of that one's id, the first of the path, which goes into
    // each request of the service and is a filter of lists.
    std::string_view parent = {};
};

// List, create, read, update and delete. `client` outlives the routes.
void add_resource_routes(Routes& routes, const ResourceClient& client,
                         const ResourceRoutes& resource);

// Handlers for what kinds have beside that.
// GET without parameters: the reply as it is.
void read_all(const ResourceClient& client, std::string_view method, const http::Request& request,
              Call call);
// A body for no record in particular; `finish` makes the answer of the reply.
using Finish = void (*)(Call& call, const Buffer& reply);
void send_body(const ResourceClient& client, std::string_view method, const http::Request& request,
               Call call, Finish finish);
// An action on the record of the path, without a body.
void act_on_record(const ResourceClient& client, std::string_view method, int status,
                   const http::Request& request, Call call);
// A body for the record of the path; the answer is the record.
void change_record(const ResourceClient& client, std::string_view method,
                   const http::Request& request, Call call);

}  // namespace streamwall::rest_api
