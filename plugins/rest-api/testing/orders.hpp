// Services that take orders, beside the audit that notes them.
#pragma once

#include "fake_host.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace streamwall::rest_api::testing {

struct Orders {
    std::vector<std::string> given;  // "method request"
    std::vector<std::string> noted;
    bool can_note = true;

    // For FakeHost::serve(): every order gets this reply.
    FakeHost::Service answering(const Result<Buffer>& reply) {
        return [this, reply](std::string_view method, std::string_view request) -> Result<Buffer> {
            if (method != "note") {
                given.push_back(std::string(method) + " " + std::string(request));
                return reply;
            }
            if (!can_note) return Error::unavailable("the audit is away");
            noted.emplace_back(request);
            return Buffer("{}");
        };
    }
};

}  // namespace streamwall::rest_api::testing
