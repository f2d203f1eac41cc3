// Documents that clients merge themselves (Yjs): opaque updates, kept in the order in which they
// came, and the whole of them given to whoever comes later.
//
// Updates may be applied in any order and more than once, so a list of them is as good as the
// document. It is bounded: where it grows, a client that has all of it is asked for its state,
// which takes the place of the updates in it.
#pragma once

#include <streamwall/records/store.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace streamwall::collaboration {

// Whether it is base64 with padding, not empty and at most `max_bytes` long.
bool is_base64(std::string_view text, std::size_t max_bytes);

// All on the plugin's strand.
class SharedUpdates {
  public:
    static constexpr std::size_t kMaxUpdate = 60'000;  // bytes of base64
    static constexpr std::size_t kMuch = 256 * 1024;   // bytes of a document's updates …
    static constexpr std::size_t kMany = 200;          // … or their number: time to compact
    static constexpr std::size_t kMaxBytes = 512 * 1024;
    static constexpr std::size_t kMaxUpdates = 1'000;
    static constexpr std::string_view kDeclaration = R"({"name":"collaboration_updates","fields":[
{"name":"document","type":"text"},{"name":"content","type":"text"}],
"unique":[],"indexes":[{"name":"document","fields":["document"]}]})";

    SharedUpdates(PluginBase& plugin, records::Store& store) : plugin_(plugin), store_(store) {}

    struct Update {
        std::int64_t number = 0;  // grows, within a document
        std::string content;
    };
    using Updates = std::deque<Update>;
    Task<Result<Updates>> read(std::string document);
    // The update's number. RESOURCE_EXHAUSTED: it has to be compacted first.
    Task<Result<std::int64_t>> add(std::string document, std::string content);
    // `state` takes the place of all up to `through`; its number.
    Task<Result<std::int64_t>> compact(std::string document, std::string state,
                                       std::int64_t through);
    bool should_compact(const std::string& document) const;

  private:
    static constexpr std::size_t kMaxLoaded = 100;
    static std::size_t bytes_of(const Updates& updates);
    Task<Result<>> load(std::string document);

    PluginBase& plugin_;
    records::Store& store_;
    std::map<std::string, Updates> documents_;
};

}  // namespace streamwall::collaboration
