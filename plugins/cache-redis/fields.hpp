// Members of a request, checked.
#pragma once

#include <streamwall/sdk/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::redis {

// Collects the first mistake, so that a handler reads all it needs and asks once.
class Fields {
  public:
    explicit Fields(const boost::json::object& from) : from_(from) {}

    std::string text(std::string_view name, std::size_t longest) {
        const auto* value = from_.if_contains(name);
        if (value && value->is_string() && !value->get_string().empty() &&
            value->get_string().size() <= longest) {
            return std::string(value->get_string());
        }
        refuse(name, "expected a text of 1 to " + std::to_string(longest) + " bytes");
        return {};
    }
    std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most,
                         std::optional<std::int64_t> otherwise = std::nullopt) {
        const auto* value = from_.if_contains(name);
        if (!value && otherwise) return *otherwise;
        if (value && value->is_int64() && value->get_int64() >= least &&
            value->get_int64() <= most) {
            return value->get_int64();
        }
        refuse(name,
               "expected an integer from " + std::to_string(least) + " to " + std::to_string(most));
        return least;
    }
    const std::optional<Error>& mistake() const { return mistake_; }

  private:
    void refuse(std::string_view name, std::string why) {
        if (!mistake_) mistake_ = Error::invalid(std::move(why), std::string(name));
    }
    const boost::json::object& from_;
    std::optional<Error> mistake_;
};

}  // namespace streamwall::redis
