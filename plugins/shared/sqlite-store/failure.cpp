#include "sqlite-store/failure.hpp"

namespace streamwall::sqlite {

storage::Error to_error(const Failure& failure) {
    using storage::Code;
    const std::string text = failure.what();
    switch (failure.primary()) {
        case SQLITE_FULL:
            return storage::coded_error(Code::kResourceExhausted, "disk_full",
                                        "the disk of the database is full");
        case SQLITE_TOOBIG:
            return {Code::kInvalidArgument, "a value is too big: " + text, {}, {}};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return storage::coded_error(Code::kDataLoss, "corrupt",
                                        "the database is damaged: " + text);
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return storage::busy_error(Code::kUnavailable, "the database is locked: " + text, 1);
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_NOMEM:
            return storage::busy_error(Code::kUnavailable,
                                       "the database can't be used now: " + text, 1);
        case SQLITE_INTERRUPT:
            return {Code::kCancelled, "the statement was interrupted", {}, {}};
        default:
            return {Code::kInternal, "SQLite: " + text, {}, {}};
    }
}

}  // namespace streamwall::sqlite
