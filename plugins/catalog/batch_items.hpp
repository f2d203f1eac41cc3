// What a batch asks for, read. Pure.
#pragma once

#include "input.hpp"

namespace streamwall::catalog {

struct BatchItem {
    std::int64_t id = 0;  // 0: the URL names the stream
    std::string url;
    boost::json::object values;  // as model::read_stream_input gives them
    std::optional<Error> error;  // the item cannot be carried out

    // It may change which stream a URL names, so it is carried out neither with items before it
    // nor with items behind it.
    bool moves() const { return values.contains("url") || values.contains("archived"); }
};

struct Batch {
    std::vector<BatchItem> items;
    bool atomic = false;
};

Result<Batch> read_batch(std::string_view request);

// `error` as one of the item at `index`: fields are named "updates[2].status".
Error error_of_item(const Error& error, std::size_t index);

}  // namespace streamwall::catalog
