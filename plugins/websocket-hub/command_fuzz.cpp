// Fuzz target: what a client may send as a command, down to its filter.
#include "command.hpp"
#include "stream_filter.hpp"

#include <cstdlib>

using namespace streamwall::hub;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const auto command = parse_command({reinterpret_cast<const char*>(data), size});
    if (!command) return 0;
    const auto identifier = parse_identifier(command->identifier);
    if (!identifier) return 0;
    const auto filter = StreamFilter::parse(identifier->params);
    if (filter && filter->canonical() != StreamFilter::parse(identifier->params)->canonical()) {
        std::abort();
    }
    return 0;
}
