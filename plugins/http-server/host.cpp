#include "host.hpp"

#include "text.hpp"

#include <boost/json/serialize.hpp>
#include <vector>

namespace streamwall::http_server {

void Host::write(int level, std::string_view event, std::string_view message,
                 const boost::json::object& fields) const {
    if (!is_logged(level)) return;
    const std::string text = fields.empty() ? std::string() : boost::json::serialize(fields);
    log->write(self, level, to_sw(event), to_sw(message), to_sw(text));
}

sw_series* Host::series(int kind, std::string_view name, std::string_view help,
                        std::initializer_list<std::pair<std::string_view, std::string_view>> labels,
                        const double* bounds, std::size_t bound_count) const {
    if (metrics == nullptr) return nullptr;
    std::vector<sw_str> flat;
    for (const auto& [label, value] : labels) {
        flat.push_back(to_sw(label));
        flat.push_back(to_sw(value));
    }
    return metrics->series(self, kind, to_sw(name), to_sw(help), flat.data(), labels.size(), bounds,
                           bound_count);
}

}  // namespace streamwall::http_server
