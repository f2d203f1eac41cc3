// The command `db` as a program of its own, so that a test can kill it: db_helper NAME JSON
#include <cstdio>

#include "db_command.hpp"

int main(int, char** argv) {
    using namespace streamwall::postgres;
    const CommandIo io{
        .write = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); },
        .write_error = [](std::string_view) {},
        .environment = [](const char*) { return std::string(); }};
    const auto done = run_db_command(argv[1], boost::json::parse(argv[2]).as_object(), io);
    if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
    return done ? 0 : 1;
}
