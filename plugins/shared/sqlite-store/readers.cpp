#include "sqlite-store/readers.hpp"

#include "storage-sql/replies.hpp"

namespace streamwall::sqlite {

Readers::Readers(std::string path, std::size_t threads, std::size_t max_queued)
    : path_(std::move(path)), max_queued_(max_queued) {
    for (std::size_t i = 0; i < threads; ++i)
        threads_.emplace_back([this] { run(); });
}

Readers::~Readers() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_)
        thread.join();
}

bool Readers::submit(std::unique_ptr<Call>& call, Work& work) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= max_queued_) return false;
        queue_.push_back({std::move(call), std::move(work)});
    }
    wake_.notify_one();
    return true;
}

void Readers::run() {
    std::unique_ptr<Connection> connection;
    while (true) {
        Item item;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            item = std::move(queue_.front());
            queue_.pop_front();
        }
        if (item.call->abandoned()) {
            item.call->answer(std::unexpected(storage::abandoned()));
            continue;
        }
        Answer answer;
        try {
            if (connection == nullptr) {
                connection = std::make_unique<Connection>(path_, Connection::Role::kReader);
            }
            answer = item.work(*connection);
        } catch (const Failure& failure) {
            // A fresh connection for the next request, unless only this statement was at fault.
            if (!failure.concerns_statement_only()) connection.reset();
            answer = std::unexpected(to_error(failure));
        }
        item.call->answer(std::move(answer));
    }
}

ReadTransaction::~ReadTransaction() {
    try {
        if (connection_.in_transaction()) connection_.run("COMMIT");
    } catch (const Failure&) {
        // Ending a transaction that only read can't lose anything; a broken file shows up in the
        // next statement.
    }
}

}  // namespace streamwall::sqlite
