// DataFolder: everything one host writes, and the lock that keeps a second host out of it.
#pragma once

#include "runtime/control/line_socket.hpp"

namespace streamwall::cli {

class DataFolder {
  public:
    // Makes the folder (mode 0700) where it is missing. The lock ends with the object, or with the
    // process, however that ends. The error is a sentence.
    static std::expected<DataFolder, std::string> open(const std::filesystem::path& path);

  private:
    explicit DataFolder(control::Descriptor lock) : lock_(std::move(lock)) {}
    control::Descriptor lock_;
};

}  // namespace streamwall::cli
