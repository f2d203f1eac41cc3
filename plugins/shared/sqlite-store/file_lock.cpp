#include "sqlite-store/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace streamwall::sqlite {

FileLock::FileLock(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    file_ = ::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) {
        throw Failure(SQLITE_CANTOPEN, "can't write in the folder \"" + folder.string() +
                                           "\": " + std::strerror(errno));
    }
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        ::close(file_);
        throw Failure(SQLITE_BUSY, "\"" + path + "\" is in use by another process");
    }
}

FileLock::~FileLock() {
    ::close(file_);
}

}  // namespace streamwall::sqlite
