// The field table, and the reading of whole bodies.
#include "streamwall/model/fields.hpp"

#include <algorithm>
#include <array>

#include "field_readers.hpp"
#include "streamwall/model/platform.hpp"
#include "streamwall/model/text.hpp"

namespace streamwall::model {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> kStatuses = {"unknown", "checking", "live", "offline",
                                                       "error"};
constexpr std::array<std::string_view, 5> kKinds = {"video", "audio", "web", "overlay",
                                                    "background"};
constexpr std::array<std::string_view, 2> kOrientations = {"vertical", "horizontal"};

constexpr FieldSpec text(std::string_view name, std::size_t max_size) {
    return {.name = name, .type = FieldType::kText, .writable = true, .max_size = max_size};
}
constexpr FieldSpec choice(std::string_view name, bool nullable,
                           std::span<const std::string_view> choices) {
    return {.name = name,
            .type = FieldType::kChoice,
            .writable = true,
            .nullable = nullable,
            .choices = choices};
}
constexpr FieldSpec value(std::string_view name, FieldType type, bool nullable = true) {
    return {.name = name, .type = type, .writable = true, .nullable = nullable};
}
constexpr FieldSpec set_by_host(std::string_view name, FieldType type, bool nullable = false) {
    return {.name = name, .type = type, .writable = false, .nullable = nullable};
}

constexpr auto kFields = std::to_array<FieldSpec>({
    set_by_host("id", FieldType::kId),
    value("url", FieldType::kUrl, false),
    text("title", 500),
    text("source", 255),
    choice("platform", false, kPlatformNames),
    choice("status", false, kStatuses),
    choice("kind", false, kKinds),
    choice("orientation", true, kOrientations),
    text("city", 255),
    text("state", 255),
    text("country", 255),
    value("location_id", FieldType::kId),
    value("streamer_id", FieldType::kId),
    text("streamer_name", 255),
    text("posted_by", 255),
    text("external_id", 255),
    text("notes", 10000),
    value("pinned", FieldType::kBoolean, false),
    value("archived", FieldType::kBoolean, false),
    value("labels", FieldType::kLabels, false),
    value("viewer_count", FieldType::kInteger),
    value("last_checked_at", FieldType::kTime),
    value("last_live_at", FieldType::kTime),
    value("started_at", FieldType::kTime),
    value("ended_at", FieldType::kTime),
    set_by_host("user_id", FieldType::kId, true),
    set_by_host("created_at", FieldType::kTime),
    set_by_host("updated_at", FieldType::kTime),
    set_by_host("version", FieldType::kInteger),
});

struct Synonym {
    std::string_view name;
    std::string_view field;
};
constexpr auto kSynonyms = std::to_array<Synonym>({
    {"link", "url"},
    {"is_pinned", "pinned"},
    {"is_archived", "archived"},
    {"last_checked", "last_checked_at"},
    {"checked_at", "last_checked_at"},
});
constexpr auto kLocationParts = std::to_array<Synonym>({
    {"city", "city"},
    {"state_province", "state"},
    {"country", "country"},
});

std::string_view view(const json::string_view& text) {
    return {text.data(), text.size()};
}

bool is_archived_word(const FieldSpec& spec, const json::value& value) {
    const json::string* word = value.if_string();
    return spec.name == "status" && word && equals_ignoring_case(view(*word), "archived");
}

// Collects values and errors of one body.
class BodyReader {
  public:
    explicit BodyReader(bool strict) : strict_(strict) {}

    void read(const json::object& body) {
        for (const auto& [key, value] : body) {
            const std::string_view name = view(key);
            if (name == "location") {
                read_location(value);
            } else if (const FieldSpec* spec = find_stream_field(resolve_synonym(name))) {
                if (spec->writable) read_one(*spec, name, value);
            } else {
                unknown(name);
            }
        }
    }

    void fail(FieldError error) { result_.errors.push_back(std::move(error)); }
    StreamInput take() { return std::move(result_); }
    json::object& values() { return result_.values; }

  private:
    void read_one(const FieldSpec& spec, std::string_view name, const json::value& value) {
        if (is_archived_word(spec, value)) {
            keep("archived", name, json::value(true));
            return;
        }
        auto read = read_field(spec, name, value);
        if (!read) return fail(std::move(read.error()));
        keep(spec.name, name, *std::move(read));
    }

    // A field under two of its names must have one value.
    void keep(std::string_view field, std::string_view name, json::value value) {
        const auto [place, added] = result_.values.emplace(field, value);
        if (!added && place->value() != value) {
            fail(field_error(name, "conflict",
                             "contradicts another value given for " + std::string(field)));
        }
    }

    void read_location(const json::value& value) {
        if (value.is_null()) return;
        const json::object* location = value.if_object();
        if (!location) return fail(field_error("location", "invalid_type", "must be an object"));
        for (const auto& [key, part] : *location) {
            const auto known = std::ranges::find(kLocationParts, view(key), &Synonym::name);
            const std::string name = "location." + std::string(view(key));
            if (known == kLocationParts.end()) {
                unknown(name);
            } else {
                read_one(*find_stream_field(known->field), name, part);
            }
        }
    }

    void unknown(std::string_view name) {
        if (strict_) fail(field_error(name, "unknown_field", "is not a field of a stream"));
    }

    bool strict_;
    StreamInput result_;
};

json::value default_value(const FieldSpec& spec) {
    if (spec.name == "status") return "unknown";
    if (spec.name == "kind") return "video";
    if (spec.type == FieldType::kBoolean) return false;
    if (spec.type == FieldType::kLabels) return json::array();
    return nullptr;
}

void detect_platform(json::object& values) {
    const json::value* url = values.if_contains("url");
    if (!url || !url->is_string() || values.contains("platform")) return;
    if (const auto known = normalise_for_record(view(url->get_string()))) {
        values["platform"] = platform_name(known->platform);
    }
}

}  // namespace

std::span<const FieldSpec> stream_fields() {
    return kFields;
}

const FieldSpec* find_stream_field(std::string_view name) {
    const auto found = std::ranges::find(kFields, name, &FieldSpec::name);
    return found == kFields.end() ? nullptr : &*found;
}

std::string_view resolve_synonym(std::string_view name) {
    const auto found = std::ranges::find(kSynonyms, name, &Synonym::name);
    return found == kSynonyms.end() ? name : found->field;
}

StreamInput read_stream_input(const json::value& body, InputOptions options) {
    BodyReader reader(options.strict);
    const json::object* fields = body.if_object();
    if (fields) {
        if (const json::value* nested = fields->if_contains("stream");
            nested && nested->is_object()) {
            fields = &nested->get_object();
        }
    }
    if (!fields) {
        reader.fail(field_error("", "invalid_type", "the body must be a JSON object"));
        return reader.take();
    }
    reader.read(*fields);
    json::object& values = reader.values();
    detect_platform(values);
    StreamInput result = reader.take();
    const bool url_refused = std::ranges::any_of(result.errors, [](const FieldError& error) {
        return resolve_synonym(error.field) == "url";
    });
    if (options.mode != InputMode::kPatch && !result.values.contains("url") && !url_refused) {
        result.errors.push_back(field_error("url", "required", "must be given"));
    }
    if (options.mode == InputMode::kCreate) {
        for (const FieldSpec& spec : kFields) {
            if (spec.writable && spec.type != FieldType::kUrl) {
                result.values.emplace(spec.name, default_value(spec));
            }
        }
    }
    return result;
}

}  // namespace streamwall::model
