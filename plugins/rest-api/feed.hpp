// Streams as Streamwall's desktop app reads them: an array of entries (JSON) or tables (TOML).
//
// The app drops entries with null or empty members, and ends where its first answer is no array.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::rest_api {

// Members of an entry, in order; only those that say something.
using FeedEntry = std::vector<std::pair<std::string_view, std::string>>;

FeedEntry feed_entry(const boost::json::object& stream);

// Grows entry by entry. take() ends it.
class FeedJson {
  public:
    void add(const FeedEntry& entry);
    std::string take() { return std::move(out_) + "]"; }

  private:
    std::string out_ = "[";
};
class FeedToml {
  public:
    void add(const FeedEntry& entry);
    std::string take() { return std::move(out_); }

  private:
    std::string out_;
};

}  // namespace streamwall::rest_api
