#include "known_lists.hpp"

namespace streamwall::rest_api {
namespace {

// Larger pages are made each time: what is kept is bounded by their number.
constexpr std::size_t kMostKept = std::size_t{128} << 10;

}  // namespace

Result<std::shared_ptr<const Page>> KnownList::page_of(const Buffer& reply) {
    {
        const std::lock_guard lock(mutex_);
        // The buffer is held, so its address is nobody else's; another may hold the same bytes.
        if (page_ && (reply.get() == reply_.get() || reply.view() == reply_.view())) return page_;
    }
    auto made = make_page(query_, path_, reply.view());
    if (!made) return std::move(made).error();
    auto page = std::make_shared<const Page>(std::move(*made));
    if (reply.size() > kMostKept) return page;
    const std::lock_guard lock(mutex_);
    reply_ = reply;
    page_ = page;
    return page;
}

std::expected<std::shared_ptr<KnownList>, Problem> KnownLists::find(std::string_view path,
                                                                    std::string_view query) {
    std::string target(path);
    target.append("?").append(query);
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = by_target_.find(target); found != by_target_.end()) {
            entries_.splice(entries_.begin(), entries_, found->second);
            return found->second->list;
        }
    }
    auto parsed = parse_list_query(query);
    if (!parsed) return std::unexpected(std::move(parsed).error());
    auto list = std::make_shared<KnownList>(std::move(*parsed), std::string(path));
    const std::lock_guard lock(mutex_);
    if (const auto found = by_target_.find(target); found != by_target_.end()) {
        return found->second->list;
    }
    entries_.push_front({std::move(target), list});
    by_target_.emplace(entries_.front().target, entries_.begin());
    if (entries_.size() > most_) {
        by_target_.erase(entries_.back().target);
        entries_.pop_back();
    }
    return list;
}

}  // namespace streamwall::rest_api
