#include "transport/local/subjects.hpp"

#include "bus/pattern.hpp"

#include <algorithm>

namespace streamwall::transport {

void SubjectTable::add(Subscriber subscriber) {
    ++counts_[subscriber.client];
    const bool has_wildcard = subscriber.pattern.find_first_of("*>") != std::string::npos;
    auto& list = has_wildcard ? wildcards_ : exact_[subscriber.pattern];
    list.push_back(std::move(subscriber));
}

void SubjectTable::erase_if(const auto& is_gone) {
    const auto erase = [&](std::vector<Subscriber>& list) {
        std::erase_if(list, [&](const Subscriber& one) {
            if (!is_gone(one)) return false;
            --counts_[one.client];
            return true;
        });
        return list.empty();
    };
    erase(wildcards_);
    for (auto entry = exact_.begin(); entry != exact_.end();)
        entry = erase(entry->second) ? exact_.erase(entry) : std::next(entry);
}

void SubjectTable::remove(std::uint64_t client, std::uint64_t id) {
    erase_if([&](const Subscriber& one) { return one.client == client && one.id == id; });
}

void SubjectTable::remove_all(std::uint64_t client) {
    erase_if([&](const Subscriber& one) { return one.client == client; });
    counts_.erase(client);
}

std::size_t SubjectTable::count(std::uint64_t client) const {
    const auto found = counts_.find(client);
    return found == counts_.end() ? 0 : found->second;
}

std::vector<Subscriber*> SubjectTable::matching(std::uint64_t from, std::string_view subject) {
    std::vector<Subscriber*> out;
    if (const auto exact = exact_.find(subject); exact != exact_.end()) {
        for (auto& one : exact->second) {
            if (one.client != from) out.push_back(&one);
        }
    }
    for (auto& one : wildcards_) {
        if (one.client != from && bus::matches(one.pattern, subject)) out.push_back(&one);
    }
    return out;
}

std::vector<const Subscriber*> SubjectTable::everybody(std::uint64_t from,
                                                       std::string_view subject) {
    auto all = matching(from, subject);
    // Those without a group come first: its name is empty.
    std::ranges::sort(all, {},
                      [](const Subscriber* one) -> std::string_view { return one->group; });
    std::vector<const Subscriber*> out;
    for (auto first = all.begin(); first != all.end();) {
        const auto last = std::find_if(
            first, all.end(), [&](const Subscriber* one) { return one->group != (*first)->group; });
        if ((*first)->group.empty()) {
            out.assign(first, last);
        } else {
            const auto members = static_cast<std::size_t>(std::distance(first, last));
            out.push_back(first[static_cast<std::ptrdiff_t>((*first)->turn++ % members)]);
        }
        first = last;
    }
    return out;
}

const Subscriber* SubjectTable::anybody(std::uint64_t from, std::string_view subject) {
    const auto all = matching(from, subject);
    return all.empty() ? nullptr : all[all.front()->turn++ % all.size()];
}

}  // namespace streamwall::transport
