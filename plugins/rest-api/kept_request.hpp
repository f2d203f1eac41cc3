// A request that outlives its handler: texts, headers and context are copied.
#pragma once

#include <streamwall/sdk/context.hpp>
#include <streamwall/sdk/http.hpp>

#include <deque>
#include <string>
#include <vector>

namespace streamwall::rest_api {

class KeptRequest {
  public:
    explicit KeptRequest(const http::Request& from) : raw_(from.raw()), context_(from.context()) {
        for (auto* text :
             {&raw_.method, &raw_.target, &raw_.path, &raw_.query, &raw_.body, &raw_.peer})
            *text = keep(*text);
        for (std::size_t i = 0; i < raw_.parameter_count; ++i)
            parameters_.push_back(keep(from.raw().parameters[i]));
        for (std::size_t i = 0; i < raw_.header_count; ++i) {
            const auto& header = from.raw().headers[i];
            headers_.push_back({keep(header.name), keep(header.value)});
        }
        raw_.parameters = parameters_.data();
        raw_.headers = headers_.data();
        raw_.context = &context_.raw();
    }
    KeptRequest(const KeptRequest&) = delete;
    KeptRequest& operator=(const KeptRequest&) = delete;

    http::Request view() const { return http::Request(&raw_); }

  private:
    sw_str keep(sw_str text) { return to_str(texts_.emplace_back(to_view(text))); }

    sw_http_request raw_;
    Context context_;
    std::deque<std::string> texts_;  // in place: none of them moves
    std::vector<sw_str> parameters_;
    std::vector<sw_http_header> headers_;
};

}  // namespace streamwall::rest_api
