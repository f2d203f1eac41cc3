// The threads that read, each with a connection of its own; they never wait for the writer.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sqlite-store/call.hpp"
#include "sqlite-store/connection.hpp"

namespace streamwall::sqlite {

class Readers {
  public:
    using Work = std::move_only_function<Answer(Connection&)>;

    Readers(std::string path, std::size_t threads, std::size_t max_queued);
    ~Readers();  // finishes what is queued
    Readers(const Readers&) = delete;
    Readers& operator=(const Readers&) = delete;

    // Answers `call` with what `work` returns. False where too much is queued; both are untouched.
    bool submit(std::unique_ptr<Call>& call, Work& work);

  private:
    struct Item {
        std::unique_ptr<Call> call;
        Work work;
    };
    void run();

    const std::string path_;
    const std::size_t max_queued_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Item> queue_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

// Inside it, all statements see the same commit.
class ReadTransaction {
  public:
    explicit ReadTransaction(Connection& connection) : connection_(connection) {
        connection_.run("BEGIN");
    }
    ~ReadTransaction();
    ReadTransaction(const ReadTransaction&) = delete;
    ReadTransaction& operator=(const ReadTransaction&) = delete;

  private:
    Connection& connection_;
};

}  // namespace streamwall::sqlite
