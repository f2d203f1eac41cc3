#include "descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace streamwall::http_server {

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
    const auto before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return before;
    return limit.rlim_max;
}

std::size_t connections_that_fit(std::size_t wanted, std::size_t descriptors) {
    constexpr std::size_t kOthers = 256;
    const auto others = std::min(kOthers, descriptors / 2);
    return std::min(wanted, descriptors - others);
}

}  // namespace streamwall::http_server
