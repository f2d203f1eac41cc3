// A program to be killed: eight callers insert records with an event each, for ever, and write the
// id of each acknowledged record to standard output, eight bytes at a time.
//
//   insert_for_ever DATABASE
#include <unistd.h>

#include <thread>

#include "sqlite-store/test_store.hpp"

int main(int, char** argv) {
    using namespace streamwall::sqlite;
    Witness witness;
    Options options;
    options.path = argv[1];
    auto store = Store::open(options, witness.hooks());
    if (!store) return 3;
    if (!call(**store, Method::kDeclare,
              R"({"collections":[{"name":"shows","fields":[{"name":"title","type":"text"}]}]})")) {
        return 4;
    }
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back([&] {
            while (true) {
                const auto answer = call(**store, Method::kApply, R"({"changes":[
                    {"op":"insert","collection":"shows","record":{"title":"x"}},
                    {"op":"event","type":"show.created","version":"1.0","subject":"show/{id}",
                     "record":0}]})");
                if (!answer) _exit(5);
                const std::int64_t id =
                    boost::json::parse(*answer).at("results").at(0).at("id").as_int64();
                if (write(STDOUT_FILENO, &id, sizeof id) != sizeof id) _exit(6);
            }
        });
    }
    for (auto& caller : callers)
        caller.join();
}
