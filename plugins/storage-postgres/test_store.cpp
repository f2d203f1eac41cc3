#include "test_store.hpp"

#include <libpq-fe.h>

namespace streamwall::postgres {

PostgresServer* shared_server() {
    if (!PostgresServer::missing().empty()) return nullptr;
    static PostgresServer server;
    return &server;
}

std::string fresh_schema() {
    static std::atomic<int> number{0};
    return "test_" + std::to_string(++number);
}

Options options_for(const PostgresServer& server, const std::string& schema) {
    Options options;
    options.connection.url = server.url();
    options.connection.schema = schema;
    options.writer.positions_delay = std::chrono::milliseconds(1);
    return options;
}

std::string ask_server(const PostgresServer& server, const std::string& sql) {
    PGconn* connection = PQconnectdb(server.url().c_str());
    PGresult* result = PQexec(connection, sql.c_str());
    std::string answer;
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0) {
        answer = PQgetvalue(result, 0, 0);
    } else {
        answer = PQresultErrorMessage(result);
    }
    PQclear(result);
    PQfinish(connection);
    return answer;
}

}  // namespace streamwall::postgres
