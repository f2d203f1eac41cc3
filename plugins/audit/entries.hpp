// audit.entries: reading and checking the chain, for administrators. Nothing here changes it.
// Requests as in <streamwall/contracts/audit.hpp>.
#pragma once

#include "page_index.hpp"
#include "verifier.hpp"

#include <streamwall/records/requests.hpp>
#include <streamwall/records/store.hpp>

#include <map>
#include <set>
#include <string>

namespace streamwall::audit {

class Entries {
  public:
    Entries(PluginBase& plugin, records::Store& store) : host_(plugin.host()), store_(store) {}

    Task<Result<Buffer>> list(std::string request, Context context);
    Task<Result<Buffer>> verify(std::string request, Context context);  // verification.cpp

  private:
    struct Found {
        std::int64_t count = 0;
        std::set<std::int64_t> numbers;  // those to be shown
        std::set<std::int64_t> pages;    // where they are, by first number
    };
    struct Walk {
        boost::json::object head;      // as it was when the walk began
        boost::json::object expected;  // empty once it was seen
        std::int64_t first = 0;        // of the page that was read last
        std::int64_t highest = 0;      // number of an entry
        Verifier verifier = {};

        void take(std::string_view text);
    };
    using Lines = std::map<std::int64_t, std::string>;  // by number
    using Pages = std::map<std::int64_t, boost::json::object>;

    Task<Result<Found>> find(const Search& search, std::int64_t offset, std::int64_t limit,
                             Context context);
    // Adds the entries `lowest` … `highest`, or those of `found`.
    Task<Result<>> read_range(std::int64_t lowest, std::int64_t highest, Lines& lines,
                              Context context);
    Task<Result<>> read_found(const Found& found, Lines& lines, Context context);
    Task<Result<>> read_lines(boost::json::object filter, const std::set<std::int64_t>& wanted,
                              Lines& lines, Context context);
    // Nothing where there is none yet.
    Task<Result<boost::json::object>> read_head(Context context);

    // Feeds what stands behind page `first`, which moves on; false where nothing did.
    Task<Result<bool>> walk(Walk& walk, Context context);
    Task<Result<Pages>> index_of(const boost::json::array& pages, Context context);

    const Host& host_;
    records::Store& store_;
};

}  // namespace streamwall::audit
