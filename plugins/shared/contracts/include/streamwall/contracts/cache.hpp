// The service `cache`: values that can be had again, kept for a while and shared between nodes.
//
//   get     {"namespace","key"}                  → {"found":true,"value":…} or {"found":false}
//   set     {"namespace","key","value","ttl_ms"} → {"shared":bool}
//   delete  {"namespace","key"}                  → {"shared":bool}
//   clear   {"namespace"}                        → {"shared":bool}
//
// A namespace is 1 to 64 of a-z, 0-9, '_', '.' and '-'; a key 1 to 512 bytes; a value any JSON up
// to 1 MiB, null included; without ttl_ms it is kept for an hour. What set() answered for is in the
// next get of every node as soon as the word has gone round, in milliseconds. `shared` is false
// where the memory of this node alone knows, because the server behind the cache is away: no error,
// and nothing to be done about it.
#pragma once

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>
#include <streamwall/sdk/services.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace streamwall::contracts::cache {

inline constexpr std::string_view kService = "cache";
inline constexpr std::size_t kMaxKey = 512;
inline constexpr std::size_t kMaxValue = 1024 * 1024;

inline Buffer get_request(std::string_view name_space, std::string_view key) {
    return json::Writer().text("namespace", name_space).text("key", key).buffer();
}
// `value` is JSON text.
inline Buffer set_request(std::string_view name_space, std::string_view key, std::string_view value,
                          std::optional<std::chrono::milliseconds> ttl = std::nullopt) {
    json::Writer writer;
    writer.text("namespace", name_space).text("key", key).raw("value", value);
    if (ttl) writer.number("ttl_ms", ttl->count());
    return writer.buffer();
}

// The raw JSON of the value that a get found; nothing where it found none.
inline std::optional<std::string_view> value_of(std::string_view reply) {
    if (json::find_member(reply, "found") != "true") return std::nullopt;
    return json::find_member(reply, "value");
}

// Calls by callback, in the name of whoever asks. A cache that fails is one that holds nothing.
class Client {
  public:
    // The service stands in the manifest's `requires`.
    static Result<Client> make(const Services& services) {
        Client out(services);
        for (auto [method, name] : {std::pair{&out.get_, "get"},
                                    {&out.set_, "set"},
                                    {&out.delete_, "delete"},
                                    {&out.clear_, "clear"}}) {
            auto resolved = services.resolve(kService, name);
            if (!resolved) return std::move(resolved).error();
            *method = *resolved;
        }
        return out;
    }

    // `done(std::optional<std::string>)` gets the value's JSON text, or nothing.
    template <class Done>
    void get(std::string_view name_space, std::string_view key, const sw_context& context,
             Done done) const {
        services_->call(get_, get_request(name_space, key), context,
                        [done = std::move(done)](Result<Buffer> reply) mutable {
                            if (!reply) return done(std::optional<std::string>());
                            const auto value = value_of(reply->view());
                            done(value ? std::optional<std::string>(*value) : std::nullopt);
                        });
    }
    // `done(Result<Buffer>)`.
    template <class Done>
    void set(std::string_view name_space, std::string_view key, std::string_view value,
             std::optional<std::chrono::milliseconds> ttl, const sw_context& context,
             Done done) const {
        services_->call(set_, set_request(name_space, key, value, ttl), context, std::move(done));
    }
    template <class Done>
    void remove(std::string_view name_space, std::string_view key, const sw_context& context,
                Done done) const {
        services_->call(delete_, get_request(name_space, key), context, std::move(done));
    }
    template <class Done>
    void clear(std::string_view name_space, const sw_context& context, Done done) const {
        services_->call(clear_, json::Writer().text("namespace", name_space).buffer(), context,
                        std::move(done));
    }

  private:
    explicit Client(const Services& services) : services_(&services) {}
    const Services* services_;
    Method get_, set_, delete_, clear_;
};

}  // namespace streamwall::contracts::cache
