#include "list_query.hpp"

#include "query_string.hpp"

#include <streamwall/model/fields.hpp>
#include <streamwall/model/rfc3339.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace streamwall::rest_api {
namespace {

constexpr std::size_t kMaxValues = 200;
constexpr std::size_t kMaxSearch = 200;
constexpr std::size_t kMaxCursor = 2048;

using Kind = ListParameter::Kind;

constexpr std::array<ListParameter, 22> kStreamFilters{{
    {"url", "url", Kind::kUrl},
    {"link", "url", Kind::kUrl},
    {"status", "status", Kind::kChoice},
    {"notStatus", "not_status", Kind::kChoice},
    {"platform", "platform", Kind::kChoice},
    {"kind", "kind", Kind::kChoice},
    {"orientation", "orientation", Kind::kChoice},
    {"city", "city", Kind::kText},
    {"state", "state", Kind::kText},
    {"source", "source", Kind::kText},
    {"posted_by", "posted_by", Kind::kText},
    {"external_id", "external_id", Kind::kText},
    {"user_id", "user_id", Kind::kId},
    {"streamer_id", "streamer_id", Kind::kId},
    {"location_id", "location_id", Kind::kId},
    {"pinned", "pinned", Kind::kBoolean},
    {"is_pinned", "pinned", Kind::kBoolean},
    {"archived", "archived", Kind::kBoolean},
    {"is_archived", "archived", Kind::kBoolean},
    {"since", "since", Kind::kTime},
    {"updated_since", "updated_since", Kind::kTime},
    {"search", "search", Kind::kWords},
}};

constexpr std::array<ListSort, 13> kStreamSorts{{
    {"created_at", "created_at"},
    {"updated_at", "updated_at"},
    {"last_checked_at", "last_checked_at"},
    {"last_live_at", "last_live_at"},
    {"title", "title"},
    {"status", "status"},
    {"platform", "platform"},
    {"city", "city"},
    {"state", "state"},
    {"name", "title"},
    {"-name", "title", true},
    {"created", "created_at"},
    {"-created", "created_at", true},
}};

std::string quoted(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, model::is_digit);
}

// The number, capped at the largest id; nothing for what is no positive number.
std::optional<std::int64_t> positive_number(std::string_view text) {
    if (!is_number(text)) return std::nullopt;
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    if (text.empty()) return std::nullopt;
    if (text.size() > 16) return model::kMaxId;
    return std::min(json::to_integer(text).value_or(model::kMaxId), model::kMaxId);
}

// Those of a stream's field are in the table of its fields.
std::span<const std::string_view> choices_of(const ListParameter& parameter) {
    if (!parameter.choices.empty()) return parameter.choices;
    const bool negated = parameter.filter == "not_status";
    const auto* field =
        model::find_stream_field(negated ? std::string_view("status") : parameter.filter);
    if (field == nullptr) return {};
    return field->choices;
}

std::optional<std::string> time_of(const std::string& value) {
    const auto time = model::parse_time(value);
    return time ? std::optional(quoted(model::format_time(*time))) : std::nullopt;
}

bool is_day(std::string_view text) {
    return text.size() == std::string_view("2026-01-31").size();
}

// One value of a filter as JSON, or nothing where it is none.
std::optional<std::string> read_value(const ListParameter& parameter, std::string_view value) {
    switch (parameter.kind) {
        case Kind::kUrl: {
            const auto url = model::normalise_for_filter(value);
            return url ? std::optional(quoted(url->url)) : std::nullopt;
        }
        case Kind::kChoice: {
            const auto choices = choices_of(parameter);
            const auto word = model::to_lower(value);
            if (std::ranges::find(choices, word) == choices.end()) return {};
            return quoted(word);
        }
        case Kind::kId: {
            const auto id = positive_number(value);
            return id ? std::optional(std::to_string(*id)) : std::nullopt;
        }
        case Kind::kBoolean: {
            const auto word = model::to_lower(value);
            if (word == "true" || word == "1") return "true";
            if (word == "false" || word == "0") return "false";
            return std::nullopt;
        }
        case Kind::kTime:
            return time_of(std::string(value));
        case Kind::kDay:
            return time_of(is_day(value) ? std::string(value) + "T00:00:00Z" : std::string(value));
        case Kind::kEndOfDay:
            return time_of(is_day(value) ? std::string(value) + "T23:59:59.999Z"
                                         : std::string(value));
        case Kind::kText:
            return value.empty() ? std::nullopt : std::optional(quoted(value));
        case Kind::kWords:
            return quoted(value);
    }
    return std::nullopt;
}

class Reader {
  public:
    explicit Reader(const ListRules& rules) : rules_(rules) {}

    std::expected<ListQuery, Problem> read(std::string_view query) {
        const auto parameters = parse_query(query);
        if (!parameters) {
            return std::unexpected(
                invalid_query({}, "The query holds a broken escape or a control character."));
        }
        for (const auto& parameter : *parameters)
            take(parameter);
        if (seen("cursor") && seen("page")) {
            fail("cursor", "conflict", "cannot be combined with page");
        }
        if (!direction_.empty() && out_.list.sort.empty()) {
            fail("direction", "needs_sort", "needs a sort");
        }
        if (signed_ && direction_ == "asc") {
            fail("direction", "conflict", "contradicts the sign of the sort");
        }
        if (errors_ != "[") {
            return std::unexpected(invalid_query(errors_ + "]", first_error_));
        }
        finish();
        return std::move(out_);
    }

  private:
    void take(const QueryParameter& parameter) {
        const auto found = std::ranges::find(rules_.filters, parameter.name, &ListParameter::name);
        const bool is_paging =
            parameter.name == "page" || parameter.name == "per_page" || parameter.name == "cursor";
        if (!is_paging) {
            if (!out_.kept.empty()) out_.kept += '&';
            out_.kept += parameter.raw;
        }
        if (found != rules_.filters.end()) return filter(*found, parameter);
        if (!is_paging && parameter.name != "sort" && parameter.name != "direction") {
            return fail(parameter.name, "unknown_parameter", "is not a parameter of this list");
        }
        if (seen(parameter.name)) return fail(parameter.name, "repeated", "is given twice");
        names_.push_back(parameter.name);
        if (is_paging)
            paging(parameter);
        else
            order(parameter);
    }

    void filter(const ListParameter& known, const QueryParameter& parameter) {
        if (known.kind == Kind::kTime || known.kind == Kind::kDay ||
            known.kind == Kind::kEndOfDay || known.kind == Kind::kWords) {
            if (seen(known.name)) return fail(known.name, "repeated", "is given twice");
            names_.emplace_back(known.name);
            if (known.kind == Kind::kWords) return search(parameter.value);
            return add(known, parameter.value);
        }
        // A comma inside a URL is sent as %2C; in other values either spelling separates.
        auto rest =
            known.kind == Kind::kUrl ? parameter.raw_value : std::string_view(parameter.value);
        for (bool more = true; more;) {
            const auto comma = rest.find(',');
            more = comma != rest.npos;
            const auto part = rest.substr(0, comma);
            if (more) rest.remove_prefix(comma + 1);
            if (known.kind == Kind::kUrl)
                add(known, decode_query_value(part).value_or(""));
            else
                add(known, model::trim(part));
        }
    }

    void search(std::string_view text) {
        if (model::count_code_points(text) > kMaxSearch) {
            return fail("search", "too_long", "is longer than 200 characters");
        }
        // No words: nothing that a stream could lack.
        if (!model::trim(text).empty()) filter_of("search").values_json.push_back(quoted(text));
    }

    void add(const ListParameter& known, std::string_view value) {
        auto read = read_value(known, value);
        if (!read) {
            return fail(known.name, "invalid_value", "has no value " + quoted(value));
        }
        auto& values = filter_of(known.filter).values_json;
        if (values.size() == kMaxValues) {
            return fail(known.name, "too_many", "takes at most 200 values");
        }
        values.push_back(std::move(*read));
    }

    contracts::streams::Filter& filter_of(std::string_view name) {
        auto& filters = out_.list.filters;
        const auto found = std::ranges::find(filters, name, &contracts::streams::Filter::name);
        if (found != filters.end()) return *found;
        return filters.emplace_back(std::string(name));
    }

    void paging(const QueryParameter& parameter) {
        if (parameter.name == "cursor") {
            if (parameter.value.size() > kMaxCursor) {
                return fail("cursor", "invalid_value", "is no cursor");
            }
            out_.by_cursor = true;
            out_.list.cursor = parameter.value;
            return;
        }
        const auto number = positive_number(parameter.value);
        if (!number) return fail(parameter.name, "invalid_value", "must be a positive number");
        if (parameter.name == "page")
            out_.page = *number;
        else
            out_.per_page = std::min(*number, kMaxPerPage);
    }

    void order(const QueryParameter& parameter) {
        if (parameter.name == "direction") {
            direction_ = model::to_lower(parameter.value);
            if (direction_ == "asc" || direction_ == "desc") return;
            return fail("direction", "invalid_value", "must be asc or desc");
        }
        const auto found = std::ranges::find(rules_.sorts, parameter.value, &ListSort::name);
        if (found == rules_.sorts.end()) {
            return fail("sort", "invalid_value", "cannot be " + quoted(parameter.value));
        }
        out_.list.sort = found->field;
        signed_ = found->descending;
    }

    void finish() {
        out_.list.descending = signed_ || direction_ == "desc";
        out_.list.limit = out_.per_page;
        out_.list.offset = out_.by_cursor ? 0 : (out_.page - 1) * out_.per_page;
    }

    bool seen(std::string_view name) const {
        return std::ranges::find(names_, name) != names_.end();
    }
    void fail(std::string_view field, std::string_view code, const std::string& message) {
        if (errors_.size() > 1)
            errors_ += ',';
        else
            first_error_ = std::string(field) + " " + message + ".";
        errors_ +=
            json::Writer().text("field", field).text("code", code).text("message", message).take();
    }

    const ListRules& rules_;
    ListQuery out_;
    std::vector<std::string> names_;
    std::string direction_;
    bool signed_ = false;
    std::string errors_ = "[";
    std::string first_error_;
};

}  // namespace

std::expected<ListQuery, Problem> parse_list_query(std::string_view query, const ListRules& rules) {
    return Reader(rules).read(query);
}

std::expected<ListQuery, Problem> parse_list_query(std::string_view query) {
    return parse_list_query(query, {.filters = kStreamFilters, .sorts = kStreamSorts});
}

}  // namespace streamwall::rest_api
