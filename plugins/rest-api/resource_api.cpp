#include "resource_api.hpp"

#include "conditional.hpp"
#include "pages.hpp"
#include "request_parts.hpp"

#include <streamwall/contracts/record.hpp>

namespace streamwall::rest_api {
namespace {

namespace names = contracts::resources;
using contracts::streams::id_request;

Problem no_such_record() {
    return to_problem(Error::not_found("There is nothing with this id."));
}

// The record that a path names, and the one above it where there is one.
struct Place {
    std::int64_t id = 0;
    std::int64_t parent = 0;
};

std::optional<std::int64_t> parent_of(const ResourceRoutes& resource,
                                      const http::Request& request) {
    return resource.parent.empty() ? 0 : id_in_path(request);
}

std::optional<Place> place_of(const ResourceRoutes& resource, const http::Request& request) {
    const auto parent = parent_of(resource, request);
    const auto id = id_in_path(request, resource.parent.empty() ? 0 : 1);
    if (!parent || !id) return std::nullopt;
    return Place{*id, *parent};
}

// The request with the record above among its members.
Buffer below(const ResourceRoutes& resource, std::int64_t parent, Buffer request) {
    if (resource.parent.empty()) return request;
    auto text = json::Writer().number(resource.parent, parent).take();
    text.back() = ',';
    return Buffer(text.append(request.view().substr(1)));
}

void list(const ResourceClient& client, const ResourceRoutes& resource,
          const http::Request& request, Call call) {
    auto query = parse_list_query(request.query(), resource.list);
    if (!query) return call.fail(query.error());
    const auto parent = parent_of(resource, request);
    if (!parent) return call.fail(no_such_record());
    if (!resource.parent.empty()) {
        query->list.filters.push_back(
            {.name = std::string(resource.parent), .values_json = {std::to_string(*parent)}});
    }
    const auto wanted = below(resource, *parent, query->list.request());
    std::string known(request.header("if-none-match"));
    client.call(names::kList, wanted, request.context(),
                [call = std::move(call), query = std::move(*query), known = std::move(known),
                 plural = resource.plural](Result<Buffer> reply) mutable {
                    if (!reply) return call.fail(to_query_problem(reply.error()));
                    const auto page = make_page(query, call.path(), reply->view(), plural);
                    if (!page) return call.fail(to_problem(page.error()));
                    send_page(call, *page, known);
                });
}

void get(const ResourceClient& client, const ResourceRoutes& resource, const http::Request& request,
         Call call) {
    const auto place = place_of(resource, request);
    if (!place) return call.fail(no_such_record());
    std::string known(resource.has_counts ? "" : request.header("if-none-match"));
    client.call(names::kGet, below(resource, place->parent, id_request(place->id)),
                request.context(),
                [call = std::move(call), known = std::move(known)](Result<Buffer> record) mutable {
                    if (!record) return call.fail(to_query_problem(record.error()));
                    const RecordTag tag(record->view());
                    if (known.empty() || !matches_none_match(known, tag.text())) {
                        return call.send_record(200, *record);
                    }
                    http::Response unchanged(304);
                    call.send(unchanged.header("etag", tag.text()));
                });
}

void create(const ResourceClient& client, const ResourceRoutes& resource,
            const http::Request& request, Call call) {
    const auto strict = check_object_body(request);
    if (!strict) return call.fail(strict.error());
    const auto parent = parent_of(resource, request);
    if (!parent) return call.fail(no_such_record());
    const auto body = below(resource, *parent, names::create_request(request.body(), *strict));
    client.call(names::kCreate, body, request.context(),
                [call = std::move(call),
                 path = std::string(request.path())](Result<Buffer> record) mutable {
                    if (!record) return call.fail(to_problem(record.error()));
                    const auto location =
                        path + '/' + std::to_string(contracts::record_id(record->view()));
                    const RecordTag tag(record->view());
                    http::Response response(201, *record);
                    response.header("content-type", kJsonType).header("etag", tag.text());
                    call.send(response.header("location", location));
                });
}

void act_on_place(const ResourceClient& client, std::string_view method, int status,
                  const ResourceRoutes& resource, const http::Request& request, Call call) {
    const auto place = place_of(resource, request);
    if (!place) return call.fail(no_such_record());
    if (const auto problem = check_no_query(request)) return call.fail(*problem);
    const auto body = below(resource, place->parent,
                            id_request(place->id, accepted_versions(request.header("if-match"))));
    client.call(method, body, request.context(),
                [call = std::move(call), status](Result<Buffer> record) mutable {
                    if (!record) return call.fail(to_problem(record.error()));
                    if (status == 204) return call.send_empty(204);
                    call.send_record(status, *record);
                });
}

void change_place(const ResourceClient& client, std::string_view method,
                  const ResourceRoutes& resource, const http::Request& request, Call call) {
    const auto place = place_of(resource, request);
    if (!place) return call.fail(no_such_record());
    const auto strict = check_object_body(request);
    if (!strict) return call.fail(strict.error());
    const auto body =
        below(resource, place->parent,
              names::update_request({.id = place->id,
                                     .body = request.body(),
                                     .versions = accepted_versions(request.header("if-match")),
                                     .replace = request.method() == "PUT",
                                     .strict = *strict}));
    client.call(method, body, request.context(),
                [call = std::move(call)](Result<Buffer> record) mutable {
                    if (!record) return call.fail(to_problem(record.error()));
                    call.send_record(200, *record);
                });
}

void update(const ResourceClient& client, const ResourceRoutes& resource,
            const http::Request& request, Call call) {
    change_place(client, names::kUpdate, resource, request, std::move(call));
}

void remove(const ResourceClient& client, const ResourceRoutes& resource,
            const http::Request& request, Call call) {
    act_on_place(client, names::kRemove, 204, resource, request, std::move(call));
}

// "List streamers", "listStreamers" and so on, for the document.
class Description {
  public:
    explicit Description(const ResourceRoutes& resource) : resource_(resource) {}

    std::string list() const {
        boost::json::array parameters;
        for (const auto& [name, text] :
             {std::pair("page", "The page, from 1."), std::pair("per_page", "At most 100 a page."),
              std::pair("cursor", "next_cursor of the page before.")}) {
            parameters.push_back(openapi::query_parameter(name, text));
        }
        for (const auto& filter : resource_.list.filters)
            parameters.push_back(openapi::query_parameter(filter.name, describe(filter)));
        std::string sorts;
        for (const auto& sort : resource_.list.sorts)
            sorts.append(sorts.empty() ? "" : ", ").append(sort.name);
        parameters.push_back(openapi::query_parameter("sort", sorts));
        parameters.push_back(openapi::query_parameter("direction", "asc or desc."));
        parameters.push_back(openapi::if_none_match_parameter());
        return render("list", "List each ",
                      {.parameters = std::move(parameters),
                       .answer = openapi::page_schema(resource_.plural, resource_.schema),
                       .problems = {400, 401, 403, 503}});
    }
    std::string create() const {
        return render("create", "Make a ",
                      {.parameters = {openapi::strict_parameter()},
                       .body = input_,
                       .status = 201,
                       .answer = openapi::reference(resource_.schema),
                       .problems = {400, 401, 403, 409, 415, 422, 503, 507}});
    }
    std::string get() const {
        boost::json::array parameters{openapi::id_parameter()};
        if (!resource_.has_counts) parameters.push_back(openapi::if_none_match_parameter());
        return render("get", "Read a ",
                      {.parameters = std::move(parameters),
                       .answer = openapi::reference(resource_.schema),
                       .problems = {401, 403, 404, 503}});
    }
    std::string update(bool replaces) const {
        return render(replaces ? "replace" : "update", "Change a ",
                      {.parameters = {openapi::id_parameter(), openapi::strict_parameter(),
                                      openapi::if_match_parameter()},
                       .body = replaces ? input_ : change_,
                       .answer = openapi::reference(resource_.schema),
                       .problems = {400, 401, 403, 404, 409, 412, 415, 422, 503, 507}});
    }
    std::string remove() const {
        return render("delete", "Delete a ",
                      {.parameters = {openapi::id_parameter(), openapi::if_match_parameter()},
                       .status = 204,
                       .problems = {400, 401, 403, 404, 409, 412, 503, 507}});
    }

  private:
    std::string render(std::string_view verb, std::string_view phrase,
                       openapi::Operation operation) const {
        if (!resource_.parent.empty()) {
            auto parent = openapi::id_parameter();
            parent["name"] = resource_.parent;
            parent["description"] = "The id of the record above.";
            operation.parameters.insert(operation.parameters.begin(), std::move(parent));
            operation.further_problem = 404;
        }
        std::string id(verb);
        id += resource_.schema;
        const auto summary = std::string(phrase).append(resource_.title);
        operation.id = id;
        operation.summary = summary;
        operation.tag = resource_.plural;
        return openapi::render(std::move(operation));
    }
    static std::string describe(const ListParameter& filter) {
        switch (filter.kind) {
            case ListParameter::Kind::kWords:
                return "Words; each begins a word of the record.";
            case ListParameter::Kind::kTime:
            case ListParameter::Kind::kDay:
            case ListParameter::Kind::kEndOfDay:
                return "A time (RFC 3339), or a day.";
            case ListParameter::Kind::kBoolean:
                return "true or false.";
            case ListParameter::Kind::kId:
                return "One or several ids.";
            default:
                break;
        }
        std::string words;
        for (const auto word : filter.choices)
            words.append(words.empty() ? "One or several of " : ", ").append(word);
        return words.empty() ? "One or several values." : words + ".";
    }

    const ResourceRoutes& resource_;
    std::string input_ = "New" + std::string(resource_.schema);
    std::string change_ = std::string(resource_.schema) + "Input";
};

http::Route route_of(std::string_view method, std::string path, const Audience& audience,
                     std::string openapi) {
    return {.method = std::string(method),
            .path = std::move(path),
            .access = audience.access,
            .scope = std::string(audience.scope),
            .openapi = std::move(openapi)};
}

}  // namespace

Result<ResourceClient> ResourceClient::resolve(const Services& services, std::string_view service,
                                               std::initializer_list<std::string_view> own) {
    ResourceClient out;
    out.services_ = &services;
    std::vector<std::string_view> methods(own);
    for (const auto name :
         {names::kList, names::kGet, names::kCreate, names::kUpdate, names::kRemove}) {
        methods.push_back(name);
    }
    for (const auto name : methods) {
        auto found = services.resolve(service, name);
        if (!found) return std::move(found).error();
        out.methods_.emplace(name, *found);
    }
    return out;
}

void add_resource_routes(Routes& routes, const ResourceClient& client,
                         const ResourceRoutes& resource) {
    const std::string all(resource.path);
    const auto one = all + "/{id}";
    const Description description(resource);
    const auto add = [&](http::Route route, auto handler) {
        routes.add(std::move(route),
                   [&client, resource, handler](const http::Request& request, Call call) {
                       handler(client, resource, request, std::move(call));
                   });
    };
    add(route_of("GET", all, resource.readers, description.list()), list);
    add(route_of("POST", all, resource.writers, description.create()), create);
    add(route_of("GET", one, resource.readers, description.get()), get);
    add(route_of("PATCH", one, resource.writers, description.update(false)), update);
    add(route_of("PUT", one, resource.writers, description.update(true)), update);
    add(route_of("DELETE", one, resource.writers, description.remove()), remove);
}

void read_all(const ResourceClient& client, std::string_view method, const http::Request& request,
              Call call) {
    if (const auto problem = check_no_query(request)) return call.fail(*problem);
    client.call(method, Buffer("{}"), request.context(),
                [call = std::move(call)](Result<Buffer> reply) mutable {
                    if (!reply) return call.fail(to_query_problem(reply.error()));
                    http::Response response(200, *reply);
                    call.send(response.header("content-type", kJsonType));
                });
}

void send_body(const ResourceClient& client, std::string_view method, const http::Request& request,
               Call call, Finish finish) {
    const auto strict = check_object_body(request);
    if (!strict) return call.fail(strict.error());
    client.call(method, names::create_request(request.body(), *strict), request.context(),
                [call = std::move(call), finish](Result<Buffer> reply) mutable {
                    if (!reply) return call.fail(to_problem(reply.error()));
                    finish(call, *reply);
                });
}

void act_on_record(const ResourceClient& client, std::string_view method, int status,
                   const http::Request& request, Call call) {
    act_on_place(client, method, status, {}, request, std::move(call));
}

void change_record(const ResourceClient& client, std::string_view method,
                   const http::Request& request, Call call) {
    change_place(client, method, {}, request, std::move(call));
}

}  // namespace streamwall::rest_api
