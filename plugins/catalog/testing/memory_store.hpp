// A store in memory for the catalog's unit tests: one collection, unique URLs among records that
// are not archived, versions, an inbox, and replies that a test may hold back or spoil.
#pragma once

#include "store_port.hpp"

#include <boost/json.hpp>

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace streamwall::catalog::testing {

struct WrittenEvent {
    std::string type;
    std::string subject;
    boost::json::object data;
    boost::json::value changes;
};

class MemoryStore final : public StorePort {
  public:
    void call(Method method, Buffer request, const sw_context& context, Reply reply) override;

    // Replies wait until release(); requests are carried out at once. With false, later ones pass.
    void hold(bool holds = true) { holds_ = holds; }
    void release();
    // Runs before the next apply, for instance to change a record behind the catalog's back.
    void before_next_apply(std::function<void()> run) { before_apply_ = std::move(run); }
    // The next apply replies with this error; with `applied`, after it has been carried out.
    void fail_next_apply(Error error, bool applied = false);

    // A change by somebody else.
    void set(std::int64_t id, std::string_view field, boost::json::value value);
    void erase(std::int64_t id) { records_.erase(id); }

    const std::map<std::int64_t, boost::json::object>& records() const { return records_; }
    // What happened to streams, oldest first, and the time that further entries get.
    const std::vector<boost::json::object>& history() const { return history_; }
    void set_time(std::string time) { time_ = std::move(time); }
    // Replies to queries of streams instead of an empty page.
    void answer_queries(std::function<std::string()> answer) { page_ = std::move(answer); }
    // Who asks for the lease, and whether it is another's.
    void lease_to_another(bool is_taken) { is_leased_ = is_taken; }

    const std::vector<WrittenEvent>& events() const { return events_; }
    int applies() const { return applies_; }
    int gets() const { return gets_; }
    const std::string& last_query() const { return last_query_; }
    std::uint64_t last_deadline_ns() const { return last_deadline_ns_; }

  private:
    struct Draft;
    Result<Buffer> answer(Method method, std::string_view request);
    Result<Buffer> get(const boost::json::object& request);
    Result<Buffer> apply(const boost::json::object& request);
    Result<boost::json::value> change(Draft& draft, const boost::json::object& change);
    Result<Buffer> query(const boost::json::object& request);
    Result<boost::json::value> insert(Draft& draft, const boost::json::object& change);
    Result<boost::json::value> update(Draft& draft, const boost::json::object& change);
    Result<boost::json::value> remove(Draft& draft, const boost::json::object& change);
    Result<boost::json::value> event(Draft& draft, const boost::json::object& change);

    std::map<std::int64_t, boost::json::object> records_;
    std::vector<WrittenEvent> events_;
    std::set<std::string> inbox_;
    std::int64_t next_id_ = 1;
    std::vector<boost::json::object> history_;
    std::string time_ = "2026-01-01T00:00:00.000Z";
    std::function<std::string()> page_;
    bool is_leased_ = false;
    int applies_ = 0;
    int gets_ = 0;
    std::string last_query_;
    std::uint64_t last_deadline_ns_ = 0;
    bool holds_ = false;
    std::deque<std::function<void()>> held_;
    std::function<void()> before_apply_;
    std::optional<Error> failure_;
    bool failure_applied_ = false;
};

}  // namespace streamwall::catalog::testing
