// Keeps a second process off the file: the writer counts sequences in memory.
#pragma once

#include <string>

#include "sqlite-store/failure.hpp"

namespace streamwall::sqlite {

// Holds "<path>.lock" for its lifetime; the kernel frees it when the process dies.
class FileLock {
  public:
    explicit FileLock(const std::string& path);  // throws Failure
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

  private:
    int file_;
};

}  // namespace streamwall::sqlite
