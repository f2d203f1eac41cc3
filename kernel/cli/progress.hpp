// How far a command of the running host is, drawn as a bar while its answer is waited for.
#pragma once

#include "cli/session.hpp"
#include "exec/descriptor.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>

namespace streamwall::cli {

// "[#########           ]  45 %  9,000 of 20,000"
std::string progress_line(std::int64_t done, std::int64_t total);

// Hears the events `command.progress` that bear its id, and draws each in place of the one before,
// from its construction until it goes; then the line is empty. For terminals alone.
class Progress {
  public:
    Progress(Session& session, std::filesystem::path data);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // For the member `progress` of the command's request.
    const std::string& id() const { return id_; }

  private:
    void hear();

    Session& session_;
    const std::filesystem::path data_;
    const std::string id_;
    const Descriptor stop_ = make_signal();
    bool is_drawn_ = false;  // the thread's until it has ended
    std::thread thread_;
};

}  // namespace streamwall::cli
