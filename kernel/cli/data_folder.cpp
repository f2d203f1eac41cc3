#include "cli/data_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace streamwall::cli {

namespace fs = std::filesystem;

namespace {

// Parents get the usual mode; the folder itself is for this user alone.
bool make_private_folder(const fs::path& path) {
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    return ::mkdir(path.c_str(), 0700) == 0 || (errno == EEXIST && fs::is_directory(path, failed));
}

std::string owner_of(const control::Descriptor& lock) {
    char text[32] = {};
    const auto length = ::pread(lock.get(), text, sizeof text - 1, 0);
    return length > 0 ? fmt::format(" (process {})", text) : "";
}

}  // namespace

std::expected<DataFolder, std::string> DataFolder::open(const fs::path& path) {
    const auto refuse = [&](std::string_view what) {
        return std::unexpected(
            fmt::format("data folder {}: {}: {}", path.string(), what, std::strerror(errno)));
    };
    if (!make_private_folder(path)) return refuse("cannot be made");
    const auto file = path / "lock";
    control::Descriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock) return refuse("cannot be written");
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return refuse("cannot be locked");
        return std::unexpected(
            fmt::format("data folder {}: another host{} uses it; stop that one, "
                        "or set STREAMWALL_DATA_DIR",
                        path.string(), owner_of(lock)));
    }
    const auto pid = std::to_string(::getpid());
    if (::ftruncate(lock.get(), 0) != 0 ||
        ::pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return refuse("cannot be written");
    }
    return DataFolder(std::move(lock));
}

}  // namespace streamwall::cli
