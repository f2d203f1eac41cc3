#include "embedded_files.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

// Made by CMakeLists.txt: how many files, then for each the length of its name, the name, the
// length of its bytes, the bytes. Nothing is aligned.
extern "C" const char streamwall_web_ui_files[];

namespace streamwall::web_ui {
namespace {

std::uint64_t take_number(const char*& at) {
    std::uint64_t number = 0;
    std::memcpy(&number, at, sizeof number);
    at += sizeof number;
    return number;
}

std::string_view take_text(const char*& at) {
    const auto length = take_number(at);
    const std::string_view text(at, length);
    at += length;
    return text;
}

}  // namespace

std::vector<EmbeddedFile> embedded_files() {
    const char* at = streamwall_web_ui_files;
    std::vector<EmbeddedFile> files(take_number(at));
    for (auto& file : files) {
        file.name = take_text(at);
        file.bytes = take_text(at);
    }
    std::ranges::sort(files, {}, &EmbeddedFile::name);
    return files;
}

}  // namespace streamwall::web_ui
