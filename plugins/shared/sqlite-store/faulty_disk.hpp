// A disk whose fsync fails on demand: a layer over SQLite's own file system, for tests.
#pragma once

#include <sqlite3.h>

#include <atomic>

namespace streamwall::sqlite {

// Becomes SQLite's default file system for connections opened while it lives.
class FaultyDisk {
  public:
    FaultyDisk() {
        real_ = sqlite3_vfs_find(nullptr);
        layer_ = *real_;
        layer_.zName = "faulty-disk";
        layer_.xOpen = &FaultyDisk::open;
        sqlite3_vfs_register(&layer_, 1);
    }
    ~FaultyDisk() {
        fail_sync = false;
        sqlite3_vfs_unregister(&layer_);
        sqlite3_vfs_register(real_, 1);
    }
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;

    static inline std::atomic<bool> fail_sync{false};

  private:
    // Files are opened by the real file system; then their table is replaced by a copy of it with
    // another xSync. One table serves all, for the real one never changes.
    static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
        const int code = real_->xOpen(real_, name, file, flags, out_flags);
        if (code != SQLITE_OK || (flags & SQLITE_OPEN_WAL) == 0) return code;
        static const sqlite3_io_methods methods = [](const sqlite3_io_methods& real) {
            real_sync_ = real.xSync;
            sqlite3_io_methods copy = real;
            copy.xSync = &FaultyDisk::sync;
            return copy;
        }(*file->pMethods);
        file->pMethods = &methods;
        return code;
    }
    static int sync(sqlite3_file* file, int flags) {
        return fail_sync ? SQLITE_IOERR_FSYNC : real_sync_(file, flags);
    }

    static inline sqlite3_vfs* real_ = nullptr;
    static inline int (*real_sync_)(sqlite3_file*, int) = nullptr;
    sqlite3_vfs layer_{};
};

}  // namespace streamwall::sqlite
