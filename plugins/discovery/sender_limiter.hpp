// Keeps one sender from flooding everybody with links.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace streamwall::discovery {

struct SenderLimit {
    std::size_t messages = 10;
    std::chrono::nanoseconds window = std::chrono::seconds(60);
    // Senders remembered at once; beyond that the one who was quiet the longest is forgotten.
    std::size_t senders = 10'000;
};

// A sliding window for each sender. Only messages that have links should be asked about: others
// cost a sender nothing. Times are a monotonic clock's. Not synchronised: for one strand.
class SenderLimiter {
  public:
    using Time = std::chrono::nanoseconds;

    explicit SenderLimiter(SenderLimit limit) : limit_(limit) {}

    // True, and counted, if the sender may post now; a refused message is not counted.
    bool allow(std::string_view sender, Time now);
    std::size_t size() const { return senders_.size(); }

  private:
    struct Sender {
        std::string name;
        std::deque<Time> accepted;
    };
    using Senders = std::list<Sender>;

    Sender& find_or_add(std::string_view name);

    SenderLimit limit_;
    Senders senders_;                                                  // who posted last first
    std::unordered_map<std::string_view, Senders::iterator> by_name_;  // keys point into senders_
};

}  // namespace streamwall::discovery
