#include "journal_writer.hpp"

namespace streamwall::audit {
namespace {

namespace bj = boost::json;
namespace change_of = records::change;
using records::number_at;
using records::text_at;

constexpr std::size_t kMostEntries = 100;
constexpr std::size_t kMostBytes = 256 << 10;  // the store's reply must stay below 1 MiB
constexpr int kTries = 5;

// "Not now", or "not in this way": says nothing about the entries.
bool says_later(sw_status code) {
    return code == SW_ABORTED || code == SW_UNAVAILABLE || code == SW_DEADLINE_EXCEEDED ||
           code == SW_RESOURCE_EXHAUSTED || code == SW_CANCELLED;
}

}  // namespace

JournalWriter::JournalWriter(PluginBase& plugin, Tasks& tasks, records::Store& store)
    : host_(plugin.host()), tasks_(tasks), store_(store) {
    // What waits comes again after the next start.
    plugin.before_stop([this] {
        waiting_.clear();
        head_.clear();
        is_writing_ = false;
    });
}

void JournalWriter::add(bj::object entry, Delivery delivery) {
    const auto bytes = bj::serialize(entry).size();
    waiting_.push_back({std::move(entry), bytes, std::move(delivery)});
    if (is_writing_) return;
    is_writing_ = true;
    tasks_.start(write_all());
}

JournalWriter::Batch JournalWriter::next_batch() {
    Batch batch;
    std::size_t bytes = 0;
    while (!waiting_.empty() && batch.size() < kMostEntries) {
        bytes += waiting_.front().bytes;
        if (!batch.empty() && bytes > kMostBytes) break;
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return batch;
}

// What arrives while one batch is written is the next one.
Task<> JournalWriter::write_all() {
    while (!waiting_.empty()) {
        auto batch = next_batch();
        const auto written = co_await write_fresh(batch);
        if (written || says_later(written.code()) || batch.size() == 1) {
            for (auto& each : batch)
                each.delivery.complete(written);
            continue;
        }
        // One of them cannot be written: it must not spoil the others.
        for (auto& each : batch) {
            Batch alone;
            alone.push_back(std::move(each));
            const auto outcome = co_await write_fresh(alone);
            for (auto& left : alone)
                left.delivery.complete(outcome);
        }
    }
    is_writing_ = false;
}

Task<Result<>> JournalWriter::write_fresh(Batch& batch) {
    const auto context = host_.own_context(std::chrono::seconds(30));
    Result<> written = ok();
    for (int n = 0; n < kTries && !batch.empty(); ++n) {
        written = co_await write(batch, context);
        if (written.code() != SW_ABORTED && written.code() != SW_ALREADY_EXISTS) break;
        auto dropped = co_await drop_known(batch, context);
        if (!dropped) co_return dropped;
    }
    co_return written;
}

Task<Result<>> JournalWriter::write(const Batch& batch, Context context) {
    if (head_.empty()) {
        auto read = co_await read_head(context);
        if (!read) co_return read;
    }
    const auto results = co_await store_.apply(changes_for(batch), std::move(context));
    if (!results) {
        head_.clear();  // whether it was written is not known
        co_return results.error();
    }
    head_ = results->at(0).as_object();
    co_return ok();
}

bj::array JournalWriter::changes_for(const Batch& batch) const {
    auto number = number_at(head_, "number");
    std::string hash(text_at(head_, "hash"));
    bj::array changes;
    changes.emplace_back(nullptr);  // the head, once its new hash is known
    for (const auto& each : batch) {
        auto entry = each.entry;
        entry["number"] = ++number;
        hash = hash_of(hash, entry);
        entry["hash"] = hash;
        changes.push_back(change_of::insert(kEntries, std::move(entry)));
    }
    bj::object set{{"number", number}, {"hash", hash}};
    if (head_.contains("id")) {
        changes[0] = change_of::update(kHeads, head_, std::move(set));
    } else {
        set["name"] = kHead;
        changes[0] = change_of::insert(kHeads, std::move(set));
    }
    return changes;
}

Task<Result<>> JournalWriter::read_head(Context context) {
    auto head = co_await store_.find(kHeads, kByName, std::string(kHead), std::move(context));
    if (!head) co_return head.error();
    head_ = head->has_value() ? std::move(**head) : bj::object{{"number", 0}, {"hash", ""}};
    co_return ok();
}

Task<Result<>> JournalWriter::drop_known(Batch& batch, Context context) {
    Batch fresh;
    for (auto& each : batch) {
        bj::object ask{{"collection", kEntries}, {"unique", kByEvent}};
        ask["values"] = bj::array{each.entry.at("epoch"), each.entry.at("sequence")};
        const auto known = co_await store_.find(std::move(ask), context);
        if (!known) co_return known.error();
        if (known->has_value()) {
            each.delivery.complete(ok());
        } else {
            fresh.push_back(std::move(each));
        }
    }
    batch.clear();
    for (auto& each : fresh)
        batch.push_back(std::move(each));
    co_return ok();
}

}  // namespace streamwall::audit
