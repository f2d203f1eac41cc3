// Cross-origin requests (Fetch standard, CORS protocol): which pages of other origins may read
// answers. Everything but comparing an origin is done once, from the settings.
#pragma once

#include "request_head.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::http_server {

struct CorsSettings {
    std::vector<std::string> origins = {};  // "https://wall.example.org", exactly; or "*" alone
    std::vector<std::string> methods = {};  // that pages may use; empty: all
    bool credentials = false;               // cookies too
    std::chrono::seconds max_age{600};
};

class Cors {
  public:
    Cors() = default;  // nobody
    // Throws std::invalid_argument where an origin is none, or everybody gets credentials.
    explicit Cors(CorsSettings settings);

    bool is_on() const { return !lines_.empty(); }
    // Finished header lines for an answer to that request; they live as long as this.
    std::string_view answer_lines(const RequestHead& head) const;
    // A page asks whether it may (OPTIONS with Origin and Access-Control-Request-Method), and it
    // may as far as origins go.
    bool is_preflight(const RequestHead& head) const;
    // What is said to it besides answer_lines(); `allow` is the comma list of the path's methods.
    std::string preflight_lines(std::string_view allow) const;

  private:
    const std::string* lines_of(const RequestHead& head) const;

    CorsSettings settings_;
    std::vector<std::string> lines_;  // one for each origin
    bool is_open_ = false;            // to every origin
};

}  // namespace streamwall::http_server
