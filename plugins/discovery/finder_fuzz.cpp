// Any bytes as a message: no crash, and every result is canonical and stands in the text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "finder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace streamwall;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto findings = discovery::find_streams(text, discovery::Gazetteer::embedded());
    for (const auto& stream : findings.streams) {
        if (stream.position >= size) std::abort();
        const auto stored = model::normalise_for_record(stream.url);
        if (!stored || stored->url != stream.url) std::abort();
    }
    return 0;
}
