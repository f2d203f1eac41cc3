// Inbox: makes the effect of a durable event happen exactly once.
//
// Durable events arrive at least once. The inbox writes the event's id and the effect in one
// transaction of the store, so an event that comes again finds its id and changes nothing:
//
//   Outcome on_created(const Event& event) {
//       Changes changes;
//       changes.insert("greetings", {{"stream", event.subject()}});
//       return inbox_.commit(event, std::move(changes));
//   }
//   Inbox inbox_{*this, "greeter"};
//
// Needs the service `store` among the manifest's requires; see plugin-api's store.md. The store
// keeps ids for 7 days; what comes again later is new to it.
#pragma once

#include <streamwall/sdk/plugin.hpp>

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace streamwall {

// Changes of one transaction, in order.
class Changes {
  public:
    Changes& insert(std::string_view collection, boost::json::object record) {
        return add({{"op", "insert"}, {"collection", collection}, {"record", std::move(record)}});
    }
    // With `version` the change fails as ABORTED where the record has another one.
    Changes& update(std::string_view collection, std::int64_t id, boost::json::object set,
                    std::optional<std::int64_t> version = {}) {
        boost::json::object change{{"op", "update"}, {"collection", collection}, {"id", id}};
        if (version) change["version"] = *version;
        change["set"] = std::move(set);
        return add(std::move(change));
    }
    Changes& erase(std::string_view collection, std::int64_t id,
                   std::optional<std::int64_t> version = {}) {
        boost::json::object change{{"op", "delete"}, {"collection", collection}, {"id", id}};
        if (version) change["version"] = *version;
        return add(std::move(change));
    }
    // A durable event of the same transaction.
    Changes& event(std::string_view type, std::string_view subject, boost::json::object data,
                   std::string_view version = "1.0") {
        return add({{"op", "event"},
                    {"type", type},
                    {"version", version},
                    {"subject", subject},
                    {"data", std::move(data)}});
    }
    Changes& add(boost::json::object change) {
        list_.push_back(std::move(change));
        return *this;
    }
    std::size_t size() const { return list_.size(); }
    // The request of store.apply.
    Buffer request() const { return Buffer(boost::json::serialize(rendered())); }

  private:
    friend class Inbox;
    boost::json::object rendered() const { return {{"changes", list_}}; }
    boost::json::array list_;
};

class Inbox {
  public:
    // A member of `plugin`. `consumer` names who must not see an event twice: the plugin, or one of
    // its several inboxes; another name is another reader.
    Inbox(PluginBase& plugin, std::string consumer)
        : host_(plugin.host()), services_(plugin.services()), consumer_(std::move(consumer)) {}

    // Applies `changes` unless this consumer has applied the event before. `done(Result<bool>)` as
    // Services::call: true where they were applied now, false where they had been. [as call]
    template <class Done>
    void apply(const Event& event, Changes changes, const sw_context& context, Done done) const {
        const auto method = services_.resolve("store", "apply");
        if (!method) return done(Result<bool>(method.error()));
        // First: seen again, the event must be known before a change finds its own traces in the
        // way.
        changes.list_.insert(changes.list_.begin(), boost::json::object{{"op", "inbox"},
                                                                        {"consumer", consumer_},
                                                                        {"event_id", event.id()}});
        services_.call(*method, changes.request(), context,
                       [done = std::move(done)](Result<Buffer> answer) mutable {
                           if (answer) return done(Result<bool>(true));
                           if (is_repeat(answer.error())) return done(Result<bool>(false));
                           done(Result<bool>(answer.error()));
                       });
    }

    // What a durable handler returns: the delivery ends with the transaction, and comes again where
    // that failed.
    Outcome commit(const Event& event, Changes changes,
                   std::chrono::nanoseconds timeout = std::chrono::seconds(5)) const {
        Context context(event.context());
        apply(event, std::move(changes),
              context
                  .with_deadline(host_.monotonic_ns() + static_cast<std::uint64_t>(timeout.count()))
                  .raw(),
              [delivery = Delivery(event)](Result<bool> applied) mutable {
                  if (applied) return delivery.complete(ok());
                  delivery.complete(std::move(applied).error());
              });
        return pending;
    }

    static bool is_repeat(const Error& error) {
        if (error.code != SW_ALREADY_EXISTS) return false;
        const auto details = json::parse_object(error.details);
        if (!details) return false;
        const auto* code = details->if_contains("code");
        return code && code->is_string() && code->get_string() == "inbox_seen";
    }

  private:
    const Host& host_;
    const Services& services_;
    std::string consumer_;
};

}  // namespace streamwall
