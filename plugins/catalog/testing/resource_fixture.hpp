// What tests of records beside streams need: the catalog's resources over a real store, and
// requests by one line.
#pragma once

#include "collection.hpp"
#include "resources.hpp"
#include "sqlite-store/test_store.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

#include <future>

namespace streamwall::catalog::testing {

class SqlitePort final : public StorePort {
  public:
    SqlitePort() {
        sqlite::Options options;
        options.path = folder_.file();
        auto store = sqlite::Store::open(options, witness_.hooks());
        if (!store) throw std::runtime_error(store.error().message);
        store_ = std::move(*store);
        for (const auto& declaration : {streams_declaration(), Resources::declaration()}) {
            const auto declared = sqlite::call(*store_, sqlite::Method::kDeclare, declaration);
            if (!declared) throw std::runtime_error(declared.error().message);
        }
    }
    void call(Method method, Buffer request, const sw_context&, Reply reply) override {
        constexpr std::array kMethods = {sqlite::Method::kGet, sqlite::Method::kQuery,
                                         sqlite::Method::kApply};
        if (method == Method::kApply && before_apply_) std::exchange(before_apply_, nullptr)();
        auto answer = sqlite::call(*store_, kMethods[static_cast<std::size_t>(method)],
                                   std::string(request.view()));
        if (answer) return reply(Buffer(*answer));
        auto& error = answer.error();
        reply(Error{static_cast<sw_status>(error.code), error.message, error.where, error.details});
    }
    // Runs before the next apply, for instance to change a record behind the catalog's back.
    void before_next_apply(std::function<void()> run) { before_apply_ = std::move(run); }
    std::vector<sqlite::SeenEvent> events() const { return witness_.seen(); }

  private:
    sqlite::DatabaseFolder folder_;
    sqlite::Witness witness_;
    std::unique_ptr<sqlite::Store> store_;
    std::function<void()> before_apply_;
};

class ResourceTest : public ::testing::Test {
  protected:
    using Object = boost::json::object;

    ResourceTest() {
        context.size = sizeof context;
        context.principal_type = to_str("user");
        context.principal_id = to_str("7");
        context.role = to_str("admin");
    }

    // What the flow replies.
    static Result<Object> ask(Flow<> flow) {
        std::optional<Result<Buffer>> out;
        run(std::move(flow), [&](Result<Buffer> reply) { out = std::move(reply); });
        if (!out) return Error::internal("no reply yet");
        if (!*out) return out->error();
        return json::parse_object((*out)->view());
    }
    // The same where it must be a success.
    static Object good(Flow<> flow) {
        auto reply = ask(std::move(flow));
        if (reply) return *reply;
        ADD_FAILURE() << reply.error().message << " " << reply.error().details;
        return {};
    }
    Result<Object> create(Resource& resource, std::string_view body, bool strict = false) {
        const auto request = json::Writer().boolean("strict", strict).raw("body", body).take();
        return ask(resource.create(request, Context(context)));
    }
    Object made(Resource& resource, std::string_view body) {
        auto record = create(resource, body);
        if (record) return *record;
        ADD_FAILURE() << record.error().message << " " << body;
        return {};
    }
    Result<Object> patch(Resource& resource, std::int64_t id, std::string_view body,
                         std::string_view versions = "") {
        json::Writer request;
        request.number("id", id).raw("body", body);
        if (!versions.empty()) request.raw("versions", versions);
        return ask(resource.update(request.take(), Context(context)));
    }
    Result<Object> get(Resource& resource, std::int64_t id) {
        return ask(resource.get(json::Writer().number("id", id).take(), Context(context)));
    }
    Result<Object> remove(Resource& resource, std::int64_t id) {
        return ask(resource.remove(json::Writer().number("id", id).take(), Context(context)));
    }
    // The values of one member in the records of a list.
    boost::json::array listed(Resource& resource, std::string_view member,
                              std::string_view request = R"({"count":true})") {
        const auto page = good(resource.list(std::string(request), Context(context)));
        boost::json::array out;
        for (const auto& record : page.at("records").as_array())
            out.push_back(record.at(member));
        return out;
    }
    // "value taken" for an error about the field `value`; the code alone where none is named.
    static std::string complaint(const Result<Object>& reply) {
        if (reply) return "none";
        const auto details = json::parse(reply.error().details);
        std::string out;
        if (details && details->is_object() && details->get_object().contains("errors")) {
            for (const auto& error : details->at("errors").as_array()) {
                out.append(out.empty() ? "" : ", ").append(error.at("field").as_string());
                out.append(" ").append(error.at("code").as_string());
            }
        }
        return out.empty() ? std::to_string(reply.error().code) : out;
    }
    std::vector<std::string> event_types() const {
        std::vector<std::string> out;
        for (const auto& event : store.events())
            out.push_back(event.type);
        return out;
    }

    sw_context context{};
    SqlitePort store;
};

}  // namespace streamwall::catalog::testing
