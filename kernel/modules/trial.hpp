// Trial: loads plugin files in a process of its own before this one loads them.
//
// A library's static constructors run inside dlopen(), where nothing of their failure can be
// caught: an exception, an abort or a crash there ends the whole process. So a file is loaded once
// in a child, and only what the child survives comes into the host. Files are tried together, which
// costs one child; only where that one dies is each tried alone, to find out which it was.
//
// What passed is remembered by the file's identity (device, inode, size, times) and that of this
// program, so that a start with known files has no child. What failed is tried again each time: the
// reason may have gone.
#pragma once

#include "exec/buffer.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace streamwall::modules {

// The first argument with which the program acts as that child; the others are files.
inline constexpr const char* kTrialVerb = "--try-to-load";

struct TrialOptions {
    std::filesystem::path program;  // one that knows kTrialVerb
    std::filesystem::path memory;   // a file for what passed; empty: this object's life only
    std::chrono::milliseconds limit{5000};  // for a child, then its constructors are said to hang
};

// Used from one thread at a time.
class Trial {
  public:
    explicit Trial(TrialOptions options);

    // Tries the files that are not known to pass, all in one child, or two if one breaks it.
    void run(const std::vector<std::filesystem::path>& files);
    // Whether a process survives loading `file`; tries it where run() has not.
    std::expected<void, Failure> passes(const std::filesystem::path& file);

    // How many children there were.
    int children() const { return children_; }

  private:
    std::expected<void, Failure> in_child(std::span<const std::filesystem::path> files);
    bool knows(const std::filesystem::path& file) const;
    void remember(const boost::json::object& identities);
    void read_memory();
    void write_memory() const;

    TrialOptions options_;
    std::string program_identity_;
    boost::json::object passed_;  // path → identity
    int children_ = 0;
};

// The child's part: loads the files one after the other and ends the process. Does not return.
[[noreturn]] void load_and_exit(std::span<const std::string> files);

}  // namespace streamwall::modules
