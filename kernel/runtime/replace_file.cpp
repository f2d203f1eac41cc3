#include "runtime/replace_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

namespace streamwall::runtime {

namespace fs = std::filesystem;

namespace {

// Closes on destruction.
struct File {
    int descriptor;
    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

bool replace_file(const fs::path& file, std::string_view text) {
    // New content on disk, renamed over the old, the renaming on disk too.
    const auto next = file.string() + ".new";
    const File made{::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (made.descriptor < 0 || !write_all(made.descriptor, text)) return false;
    if (::fsync(made.descriptor) != 0 || ::rename(next.c_str(), file.c_str()) != 0) return false;
    const auto folder = file.parent_path();
    const File holder{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return holder.descriptor >= 0 && ::fsync(holder.descriptor) == 0;
}

}  // namespace streamwall::runtime
