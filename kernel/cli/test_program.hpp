// The real program as a process, for tests: what it writes, how it ends, what it answers.
#pragma once

#include "cli/control_client.hpp"
#include "cli/session.hpp"
#include "exec/testing/temporary_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace streamwall::cli {

namespace fs = std::filesystem;
namespace json = boost::json;

// A child whose standard error is read line by line.
class Program {
  public:
    Program(std::vector<std::string> arguments, std::vector<std::string> environment) {
        std::array<int, 2> pipe{};
        EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
        output_ = control::Descriptor(pipe[0]);
        const control::Descriptor theirs(pipe[1]);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDERR_FILENO);
        arguments.insert(arguments.begin(), PROGRAM);
        EXPECT_EQ(::posix_spawn(&pid_, PROGRAM, &actions, nullptr, pointers(arguments).data(),
                                pointers(environment).data()),
                  0);
        posix_spawn_file_actions_destroy(&actions);
    }
    ~Program() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            end();
        }
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    // Reads on until `part` has come `times`, or the program closed its output; false then.
    bool wait_for(std::string_view part, int times = 1) {
        while (count(part) < times) {
            pollfd readable{output_.get(), POLLIN, 0};
            std::array<char, 4096> chunk;
            if (::poll(&readable, 1, 30'000) <= 0) return false;
            const auto count = ::read(output_.get(), chunk.data(), chunk.size());
            if (count <= 0) return false;
            output.append(chunk.data(), static_cast<std::size_t>(count));
        }
        return true;
    }
    int count(std::string_view part) const {
        int found = 0;
        for (auto at = output.find(part); at != std::string::npos; at = output.find(part, at + 1))
            ++found;
        return found;
    }
    void signal(int number) const { ::kill(pid_, number); }
    pid_t pid() const { return pid_; }
    // Its exit code, or minus the signal that ended it.
    int end() {
        wait_for("\n(never said)\n");
        int status = 0;
        ::waitpid(std::exchange(pid_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    std::string output;

  private:
    static std::vector<char*> pointers(std::vector<std::string>& texts) {
        std::vector<char*> list;
        for (auto& text : texts)
            list.push_back(text.data());
        list.push_back(nullptr);
        return list;
    }

    pid_t pid_ = 0;
    control::Descriptor output_;
};

class Host : public testing::Test {
  protected:
    std::unique_ptr<Program> start(const std::string& yaml, const std::string& command = "run") {
        const auto file = folder_ / "host.yaml";
        std::ofstream(file) << yaml;
        return std::make_unique<Program>(
            std::vector<std::string>{command, "-c", file.string()},
            std::vector<std::string>{"STREAMWALL_DATA_DIR=" + data.string(),
                                     "STREAMWALL_PLUGIN_PATH=" PLUGINS,
                                     "STREAMWALL_LOG_FORMAT=json"});
    }
    json::value ask(const json::object& request) { return ask(data, request); }
    static json::value ask(const fs::path& folder, const json::object& request) {
        auto client = ControlClient::connect(folder);
        if (!client) return json::value(client.error().failure.message);
        auto answer = client->request(request);
        return answer ? *std::move(answer) : json::value(answer.error().failure.message);
    }

  private:
    exec::testing::TemporaryFolder folder_{"host"};

  protected:
    const fs::path data = folder_ / "data";
};

}  // namespace streamwall::cli
