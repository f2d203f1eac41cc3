// The peer that the listener is measured against: a bare Beast server, one thread, keep-alive, that
// answers every request with the same bytes and checks nothing.
//
//   bare_beast PORT [BODY_FILE]
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
// The concrete executor: the type-erased one costs 10 % here.
using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;
template <class T>
using Awaitable = asio::awaitable<T, asio::io_context::executor_type>;
constexpr asio::use_awaitable_t<asio::io_context::executor_type> kAwait;

namespace {

Awaitable<void> serve(Socket socket, const std::string& body) {
    beast::flat_buffer buffer(16 * 1024);
    try {
        for (;;) {
            http::request<http::empty_body> request;
            co_await http::async_read(socket, buffer, request, kAwait);
            http::response<http::string_body> response(http::status::ok, request.version());
            response.set(http::field::content_type, "application/json");
            response.body() = body;
            response.keep_alive(request.keep_alive());
            response.prepare_payload();
            co_await http::async_write(socket, response, kAwait);
            if (!response.keep_alive()) break;
        }
    } catch (const std::exception&) {
        // The client went.
    }
}

Awaitable<void> accept(Acceptor& acceptor, asio::io_context& context, const std::string& body) {
    for (;;) {
        Socket socket(context);
        co_await acceptor.async_accept(socket, kAwait);
        socket.set_option(asio::ip::tcp::no_delay(true));
        asio::co_spawn(context.get_executor(), serve(std::move(socket), body), asio::detached);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bare_beast PORT [BODY_FILE]\n");
        return 2;
    }
    std::string body(600, 'x');
    if (argc > 2) {
        std::ifstream file(argv[2], std::ios::binary);
        body.assign(std::istreambuf_iterator<char>(file), {});
    }
    asio::io_context context(1);
    const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
    Acceptor acceptor(context, {asio::ip::address_v4::loopback(), port});
    asio::co_spawn(context.get_executor(), accept(acceptor, context, body), asio::detached);
    context.run();
}
