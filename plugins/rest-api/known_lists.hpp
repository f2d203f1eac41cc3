// Lists that were asked for lately: how their query reads, and the page last made of a reply. A
// reply that is the same bytes again is the same page again.
#pragma once

#include "list_query.hpp"
#include "pages.hpp"

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace streamwall::rest_api {

// One query. Safe on every thread.
class KnownList {
  public:
    KnownList(ListQuery query, std::string path)
        : query_(std::move(query)), request_(query_.list.request()), path_(std::move(path)) {}

    const Buffer& request() const { return request_; }  // of catalog.streams.list
    Result<std::shared_ptr<const Page>> page_of(const Buffer& reply);

  private:
    const ListQuery query_;
    const Buffer request_;
    const std::string path_;
    std::mutex mutex_;
    Buffer reply_;
    std::shared_ptr<const Page> page_;
};

// Bounded; what was not asked for lately goes first. Safe on every thread.
class KnownLists {
  public:
    explicit KnownLists(std::size_t most = 128) : most_(most) {}

    // `query` is raw, without '?'.
    std::expected<std::shared_ptr<KnownList>, Problem> find(std::string_view path,
                                                            std::string_view query);

  private:
    struct Entry {
        std::string target;
        std::shared_ptr<KnownList> list;
    };
    const std::size_t most_;
    std::mutex mutex_;
    std::list<Entry> entries_;  // what was asked for last comes first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_target_;
};

}  // namespace streamwall::rest_api
