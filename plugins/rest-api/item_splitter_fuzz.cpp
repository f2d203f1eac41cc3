// Whatever comes, and in whatever pieces: the same items, none longer than the limit.
#include "item_splitter.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace {

using streamwall::rest_api::ItemSplitter;

constexpr std::size_t kMaxItem = 64;

struct Found {
    std::vector<std::string> items;
    ItemSplitter::State state = ItemSplitter::State::kOpen;

    bool operator==(const Found&) const = default;
};

Found split(ItemSplitter::Form form, std::string_view text, std::size_t piece) {
    Found out;
    ItemSplitter splitter(form, kMaxItem, [&](std::string item, bool is_too_long) {
        if (item.size() > kMaxItem || (is_too_long && !item.empty())) std::abort();
        out.items.push_back(std::move(item));
    });
    for (std::size_t at = 0; at < text.size(); at += piece)
        splitter.feed(text.substr(at, piece));
    splitter.finish();
    out.state = splitter.state();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto form : {ItemSplitter::Form::kLines, ItemSplitter::Form::kDocument}) {
        const auto whole = split(form, text, size + 1);
        for (const std::size_t piece : {1, 3}) {
            if (split(form, text, piece) != whole) std::abort();
        }
    }
    return 0;
}
