// Any bytes to the scanner: it ends, stays inside, and agrees with the parser about well-formed
// JSON.
#include <streamwall/contracts/record.hpp>
#include <streamwall/sdk/json.hpp>

#include <heap_buffers.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace streamwall;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    contracts::glance_at_stream(text);
    contracts::record_version(text);
    json::scan_items(text, [](std::string_view) {});

    const auto parsed = json::parse_strict(text);
    const bool enclosed = json::is_enclosed_object(text);
    if (parsed && parsed->is_object() != enclosed) std::abort();
    if (parsed && enclosed) {
        std::size_t members = 0;
        json::scan_members(text, [&](std::string_view, std::string_view value) {
            if (!json::parse_strict(value)) std::abort();
            ++members;
            return true;
        });
        if (members != parsed->get_object().size()) std::abort();
    }
    // What is enclosed cannot reach out of the place it is put into.
    if (enclosed) {
        const auto around = R"({"id":1,"stream":)" + std::string(text) + R"(,"end":2})";
        if (json::find_member(around, "end") != "2") std::abort();
    }
    return 0;
}
