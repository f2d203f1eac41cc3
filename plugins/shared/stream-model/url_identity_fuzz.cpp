// Any bytes: no crash, and what comes out is a fixed point of the function that made it.
#include <cstdint>
#include <cstdlib>

#include "streamwall/model/url_identity.hpp"

namespace model = streamwall::model;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto found = model::canonicalise_discovered(text);
    const std::size_t length = found ? found->length : found.error().length;
    if (length > text.size()) std::abort();
    if (found) {
        const auto again = model::canonicalise_discovered(found->url);
        if (!again || again->url != found->url || again->platform != found->platform) std::abort();
        const auto stored = model::normalise_for_record(found->url);
        if (!stored || stored->url != found->url || stored->platform != found->platform)
            std::abort();
    }
    if (const auto stored = model::normalise_for_record(text)) {
        const auto again = model::normalise_for_record(stored->url);
        if (!again || again->url != stored->url || again->platform != stored->platform)
            std::abort();
    }
    (void)model::normalise_for_filter(text);
    return 0;
}
