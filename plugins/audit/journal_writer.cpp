#include "journal_writer.hpp"

#include "page_index.hpp"

#include <streamwall/contracts/record.hpp>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;
namespace store = contracts::store;
using records::number_at;
using records::text_at;

constexpr std::size_t kMostEntries = 1000;
constexpr std::size_t kMostBytes = 64 << 10;  // a search reads whole pages
// Behind a batch of so many the next one gathers for a while: a page is written again for each.
constexpr std::size_t kBusy = 16;
constexpr std::size_t kEnough = 100;
constexpr std::chrono::milliseconds kGathering{10};
constexpr int kTries = 5;

// "Not now", or "not in this way": says nothing about the entries.
bool says_later(sw_status code) {
    return code == SW_ABORTED || code == SW_UNAVAILABLE || code == SW_DEADLINE_EXCEEDED ||
           code == SW_RESOURCE_EXHAUSTED || code == SW_CANCELLED;
}

}  // namespace

JournalWriter::JournalWriter(PluginBase& plugin, Tasks& tasks, records::Store& store)
    : host_(plugin.host()), services_(plugin.services()), tasks_(tasks), store_(store) {
    // What waits comes again after the next start.
    plugin.before_stop([this] {
        waiting_.clear();
        forget();
        is_writing_ = false;
    });
}

void JournalWriter::forget() {
    head_.reset();
    page_ = {};
}

void JournalWriter::add(Entry entry, Delivery delivery) {
    waiting_.push_back({std::move(entry), std::move(delivery)});
    if (is_writing_) return;
    is_writing_ = true;
    tasks_.start(write_all());
}

// A page is of one journal, and so is a batch.
JournalWriter::Batch JournalWriter::next_batch() {
    Batch batch;
    std::size_t bytes = 0;
    while (!waiting_.empty() && batch.size() < kMostEntries) {
        const auto& next = waiting_.front().entry;
        bytes += next.members.size() + next.keys.size();
        if (!batch.empty() && (bytes > kMostBytes || next.epoch != batch.front().entry.epoch)) {
            break;
        }
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return batch;
}

// What arrives while one batch is written is the next one.
Task<> JournalWriter::write_all() {
    bool is_busy = false;
    while (!waiting_.empty()) {
        if (is_busy && waiting_.size() < kEnough) co_await coro::sleep(host_, kGathering);
        auto batch = next_batch();
        is_busy = batch.size() >= kBusy;
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
        if (!head_) {
            auto read = co_await read_head(context);
            if (!read) co_return read;
        }
        auto dropped = co_await drop_known(batch, context);
        if (!dropped || batch.empty()) co_return dropped;
        written = co_await write(batch, context);
        if (written.code() != SW_ABORTED && written.code() != SW_ALREADY_EXISTS) break;
    }
    co_return written;
}

void JournalWriter::append(const Batch& batch, Head& head, OpenPage& page) {
    for (const auto& [entry, delivery] : batch) {
        head.hash = page.append(entry, ++head.number, head.hash);
        auto& read = head.read[entry.epoch];
        read = std::max(read, entry.sequence);
    }
}

Task<Result<>> JournalWriter::write(const Batch& batch, Context context) {
    auto head = *head_;
    auto page = page_.takes(batch.front().entry.epoch) ? page_ : OpenPage();
    append(batch, head, page);
    json::Writer read;
    for (const auto& [epoch, sequence] : head.read)
        read.number(epoch, sequence);
    json::Writer set;
    set.text("name", kHead).number("number", head.number).text("hash", head.hash);
    set.raw("read", read.take());
    store::Changes changes;
    if (head.id == 0)
        changes.insert(kHeads, set.take());
    else
        changes.update(kHeads, head.id, head.version, set.take());
    page.add_changes(changes);
    const auto request = changes.buffer();
    const auto reply = co_await coro::call(services_, apply_, request, context.raw());
    if (!reply) {
        forget();  // whether it was written is not known
        co_return reply.error();
    }
    const auto written = store::result_at(reply->view(), 0);
    head.id = contracts::record_id(written);
    head.version = contracts::record_version(written);
    page.written(store::result_at(reply->view(), 1), store::result_at(reply->view(), 2));
    head_ = std::move(head);
    page_ = std::move(page);
    co_return ok();
}

Task<Result<>> JournalWriter::read_head(Context context) {
    if (auto apply = services_.resolve(store::kService, store::kApply); apply)
        apply_ = *apply;
    else
        co_return std::move(apply).error();
    const auto found = co_await store_.find(kHeads, kByName, std::string(kHead), context);
    if (!found) co_return found.error();
    head_ = Head();
    if (!found->has_value()) co_return ok();
    const auto& record = **found;
    head_->id = number_at(record, "id");
    head_->version = number_at(record, "version");
    head_->number = number_at(record, "number");
    head_->hash = text_at(record, "hash");
    for (const auto& [epoch, sequence] : record.at("read").as_object())
        head_->read[epoch] = sequence.as_int64();
    co_return ok();
}

// Sequences behind the highest that has an entry are new. Others come again after a crash, or
// late: their subject had to wait.
Task<Result<>> JournalWriter::drop_known(Batch& batch, Context context) {
    const auto& epoch = batch.front().entry.epoch;
    const auto read = head_->read.find(epoch);
    const auto through = read == head_->read.end() ? 0 : read->second;
    std::set<std::int64_t> doubtful;
    for (const auto& each : batch) {
        if (each.entry.sequence <= through) doubtful.insert(each.entry.sequence);
    }
    if (doubtful.empty()) co_return ok();
    std::set<std::int64_t> known;
    auto found = co_await find_known(epoch, *doubtful.begin(), *doubtful.rbegin(), known, context);
    if (!found) co_return found;
    Batch fresh;
    for (auto& each : batch) {
        if (known.contains(each.entry.sequence))
            each.delivery.complete(ok());
        else
            fresh.push_back(std::move(each));
    }
    batch.swap(fresh);
    co_return ok();
}

Task<Result<>> JournalWriter::find_known(std::string_view epoch, std::int64_t lowest,
                                         std::int64_t highest, std::set<std::int64_t>& known,
                                         Context context) {
    bj::object query{{"collection", kIndex}, {"limit", 100}};
    bj::object same{{"field", "epoch"}, {"op", "eq"}, {"value", epoch}};
    bj::object behind{{"field", "highest"}, {"op", "ge"}, {"value", lowest}};
    query["filter"] = {{"and", bj::array{std::move(same), std::move(behind)}}};
    for (;;) {
        auto page = co_await store_.query(query, context);
        if (!page) co_return page.error();
        for (const auto& item : page->at("records").as_array()) {
            auto keys = text_at(item.as_object(), "keys");
            while (const auto next = next_keys(keys, 0)) {
                if (next->sequence >= lowest && next->sequence <= highest) {
                    known.insert(next->sequence);
                }
            }
        }
        if (page->at("next_cursor").is_null()) co_return ok();
        query["cursor"] = page->at("next_cursor");
    }
}

}  // namespace streamwall::audit
