#include "postgres_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace streamwall::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStartWithin{60};
constexpr std::chrono::milliseconds kLookAgain{20};

// The newest installed version's programs; empty where there is none.
fs::path programs() {
    fs::path newest;
    std::error_code none;
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none)) {
        const auto folder = version.path() / "bin";
        if (fs::exists(folder / "postgres") && folder > newest) newest = folder;
    }
    return newest;
}

// Whom the server runs as; null for the own user.
const passwd* server_user() {
    return geteuid() == 0 ? getpwnam("postgres") : nullptr;
}

int free_port() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    const bool bound = bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                       getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0;
    close(listener);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

// A child as the server's user, with its output in `log`.
pid_t spawn(const std::vector<std::string>& command, const std::string& log) {
    const passwd* user = server_user();
    std::vector<char*> arguments;
    for (const auto& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const pid_t child = fork();
    if (child != 0) {
        close(output);
        close(input);
        if (child < 0) throw std::runtime_error("fork failed");
        return child;
    }
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (user != nullptr && (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 ||
                            setuid(user->pw_uid) != 0 || chdir("/") != 0)) {
        _exit(126);
    }
    // A test that crashes leaves no server behind: SIGQUIT ends it at once. (Changing the user
    // would have taken this back.)
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    execv(arguments[0], arguments.data());
    _exit(127);
}

int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

pid_t parent_of(pid_t process) {
    std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    const auto behind_name = text.rfind(')');
    if (behind_name == text.npos) return -1;
    return std::atoi(text.c_str() + behind_name + 4);  // ") S <parent>"
}

}  // namespace

std::string PostgresServer::missing() {
    if (programs().empty()) return "PostgreSQL's server is not installed";
    if (geteuid() == 0 && server_user() == nullptr) {
        return "PostgreSQL doesn't run as root, and there is no user postgres";
    }
    return {};
}

PostgresServer::PostgresServer(PostgresOptions options) : options_(std::move(options)) {
    if (const auto reason = missing(); !reason.empty()) throw std::runtime_error(reason);
    std::string pattern = (fs::temp_directory_path() / "streamwall-postgres-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    if (const auto* user = server_user();
        user != nullptr && chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) {
        throw std::runtime_error("can't give the folder away");
    }
    const int status = wait_for(
        spawn({(programs() / "initdb").string(), "--pgdata", folder_ + "/data", "--auth=trust",
               "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"},
              folder_ + "/initdb.log"));
    if (status != 0) throw std::runtime_error("initdb failed; see " + folder_ + "/initdb.log");
    if (options_.tls) make_certificate();
    port_ = free_port();
    start();
}

void PostgresServer::make_certificate() {
    const int status = wait_for(
        spawn({"/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
               "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
               folder_ + "/server.key", "-out", certificate()},
              folder_ + "/openssl.log"));
    if (status != 0) throw std::runtime_error("openssl failed; see " + folder_ + "/openssl.log");
    options_.settings.insert(options_.settings.end(), {"ssl=on", "ssl_cert_file=" + certificate(),
                                                       "ssl_key_file=" + folder_ + "/server.key"});
}

PostgresServer::~PostgresServer() {
    if (pid_ > 0) {
        resume();
        stop();
    }
    remove_folder();
}

void PostgresServer::start() {
    std::vector<std::string> command{(programs() / "postgres").string(),
                                     "-D",
                                     folder_ + "/data",
                                     "-p",
                                     std::to_string(port_),
                                     "-k",
                                     folder_,
                                     "-h",
                                     "127.0.0.1",
                                     "-c",
                                     "max_connections=200",
                                     "-c",
                                     options_.fsync ? "fsync=on" : "fsync=off"};
    for (const auto& setting : options_.settings) {
        command.emplace_back("-c");
        command.push_back(setting);
    }
    pid_ = spawn(command, folder_ + "/server.log");
    const auto until = std::chrono::steady_clock::now() + kStartWithin;
    while (PQping(url().c_str()) != PQPING_OK) {
        if (waitpid(pid_, nullptr, WNOHANG) == pid_ || std::chrono::steady_clock::now() > until) {
            pid_ = -1;
            throw std::runtime_error("the server doesn't start; see " + folder_ + "/server.log");
        }
        std::this_thread::sleep_for(kLookAgain);
    }
}

void PostgresServer::stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGINT);
    wait_for(pid_);
    pid_ = -1;
}

void PostgresServer::kill_hard() {
    if (pid_ <= 0) return;
    const auto all = processes();
    for (const pid_t process : all)
        kill(process, SIGKILL);
    wait_for(pid_);
    pid_ = -1;
    // The others are the kernel's to reap; a new server refuses to start before they are gone.
    for (const pid_t process : all) {
        while (fs::exists("/proc/" + std::to_string(process)))
            std::this_thread::sleep_for(kLookAgain);
    }
    std::error_code ignored;
    fs::remove(folder_ + "/data/postmaster.pid", ignored);
}

void PostgresServer::pause() {
    for (const pid_t process : processes())
        kill(process, SIGSTOP);
}

void PostgresServer::resume() {
    for (const pid_t process : processes())
        kill(process, SIGCONT);
}

std::vector<pid_t> PostgresServer::processes() const {
    std::vector<pid_t> all;
    if (pid_ <= 0) return all;
    all.push_back(pid_);
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
        const auto process = static_cast<pid_t>(std::stol(name));
        if (parent_of(process) == pid_) all.push_back(process);
    }
    return all;
}

std::string PostgresServer::url(const std::string& database) const {
    return "postgres://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void PostgresServer::remove_folder() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

}  // namespace streamwall::testing
