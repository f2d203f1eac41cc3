#include "arrangement.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

constexpr std::int64_t kMaxSide = 16;
constexpr std::int64_t kMaxSpace = kMaxSide * kMaxSide - 1;
constexpr std::int64_t kMaxPin = 1000;
constexpr std::array<std::int64_t, 4> kRotations = {0, 90, 180, 270};
constexpr std::array<std::string_view, 7> kMembers = {"space", "stream_id", "pin",   "audio",
                                                      "blur",  "rotation",  "volume"};

// A whole number between bounds; nothing, with an error, for anything else.
std::optional<std::int64_t> number_in(const bj::value& given, const std::string& field,
                                      std::int64_t least, std::int64_t most,
                                      records::FieldErrors& errors) {
    const bool is_whole = given.is_int64();
    if (is_whole && given.get_int64() >= least && given.get_int64() <= most)
        return given.get_int64();
    const auto range = std::to_string(least) + " to " + std::to_string(most);
    errors.add(field, is_whole || given.is_uint64() ? "out_of_range" : "type",
               "must be a whole number from " + range);
    return std::nullopt;
}

// Reads one cell; whatever is left out has its usual value afterwards.
class CellReader {
  public:
    CellReader(const bj::object& cell, std::size_t at, records::FieldErrors& errors)
        : cell_(cell), prefix_("cells[" + std::to_string(at) + "]."), errors_(errors) {}

    // Nothing where any member is wrong.
    std::optional<bj::object> read(bool is_strict) {
        if (cell_.contains("space")) {
            read_number("space", 0, kMaxSpace);
        } else {
            fail("space", "required", "is required");
        }
        read_content();
        read_audio();
        read_blur();
        read_rotation();
        out_["volume"] = kFullVolume;
        if (cell_.contains("volume")) read_number("volume", 0, kFullVolume);
        if (is_strict) refuse_unknown();
        if (has_failed_) return std::nullopt;
        return std::move(out_);
    }

  private:
    static constexpr std::int64_t kFullVolume = 100;

    const bj::value* given(std::string_view name) const { return records::find_given(cell_, name); }
    void fail(std::string_view name, std::string_view code, std::string_view message) {
        has_failed_ = true;
        errors_.add(prefix_ + std::string(name), code, message);
    }
    void read_number(std::string_view name, std::int64_t least, std::int64_t most) {
        const auto number =
            number_in(cell_.at(name), prefix_ + std::string(name), least, most, errors_);
        if (number) out_[name] = *number;
        has_failed_ = has_failed_ || !number;
    }
    void read_content() {
        out_["stream_id"] = nullptr;
        out_["pin"] = nullptr;
        const bool has_stream = given("stream_id") != nullptr;
        const bool has_pin = given("pin") != nullptr;
        if (has_stream == has_pin) {
            return fail("stream_id", has_stream ? "conflict" : "required",
                        "a cell has a stream_id or a pin");
        }
        if (has_stream) return read_number("stream_id", 1, model::kMaxId);
        read_number("pin", 1, kMaxPin);
    }
    void read_audio() {
        records::FieldErrors wrong;
        const auto word =
            records::read_word(cell_, "audio", {"muted", "listening", "background"}, wrong);
        const bool is_null = cell_.contains("audio") && given("audio") == nullptr;
        if (is_null || wrong.any())
            fail("audio", "unknown_value", "must be muted, listening or background");
        out_["audio"] = word.value_or("muted");
    }
    void read_blur() {
        const auto* blur = cell_.if_contains("blur");
        if (blur != nullptr && !blur->is_bool()) fail("blur", "type", "must be true or false");
        out_["blur"] = blur != nullptr && blur->is_bool() && blur->get_bool();
    }
    void read_rotation() {
        out_["rotation"] = 0;
        const auto* angle = cell_.if_contains("rotation");
        if (angle == nullptr) return;
        const bool is_known = angle->is_int64() &&
                              std::ranges::find(kRotations, angle->get_int64()) != kRotations.end();
        if (!is_known) return fail("rotation", "unknown_value", "must be 0, 90, 180 or 270");
        out_["rotation"] = *angle;
    }
    void refuse_unknown() {
        for (const auto& member : cell_) {
            const std::string_view name = member.key();
            if (std::ranges::find(kMembers, name) == kMembers.end())
                fail(name, "unknown", "is not known here");
        }
    }

    const bj::object& cell_;
    const std::string prefix_;
    records::FieldErrors& errors_;
    bj::object out_;
    bool has_failed_ = false;
};

std::int64_t space_of(const bj::value& cell) {
    return records::number_at(cell.as_object(), "space");
}

void check_cells(const bj::array& cells, records::FieldErrors& errors) {
    std::set<std::int64_t> spaces;
    int listening = 0;
    for (const auto& cell : cells) {
        if (!spaces.insert(space_of(cell)).second)
            return errors.add("cells", "repeated", "names one space twice");
        if (cell.at("audio") == "listening") ++listening;
    }
    if (listening > 1)
        errors.add("cells", "conflict", "has more than one cell that is listened to");
}

void read_cells(const Body& body, bj::object& values, records::FieldErrors& errors) {
    const auto* given = body.members.if_contains("cells");
    if (given == nullptr) return;
    const auto* list = given->if_array();
    if (list == nullptr) return errors.add("cells", "type", "must be a list");
    if (list->size() > static_cast<std::size_t>(kMaxSpace) + 1)
        return errors.add("cells", "too_many", "must have at most 256 items");
    const bool is_strict = json::find_member(body.request, "strict") == "true";
    bool is_right = true;
    bj::array cells;
    for (std::size_t at = 0; at < list->size(); ++at) {
        const auto* cell = (*list)[at].if_object();
        if (cell == nullptr)
            errors.add("cells[" + std::to_string(at) + "]", "type", "must be an object");
        auto read = cell == nullptr ? std::nullopt : CellReader(*cell, at, errors).read(is_strict);
        is_right = is_right && read;
        if (read) cells.push_back(std::move(*read));
    }
    if (!is_right) return;
    check_cells(cells, errors);
    std::ranges::sort(cells, {}, space_of);
    values["cells"] = std::move(cells);
}

}  // namespace

void read_arrangement(const Body& body, bj::object& values, records::FieldErrors& errors) {
    for (const std::string_view side : {"columns", "rows"}) {
        const auto* given = body.members.if_contains(side);
        if (given == nullptr) continue;
        if (const auto number = number_in(*given, std::string(side), 1, kMaxSide, errors))
            values[side] = *number;
    }
    read_cells(body, values, errors);
    const auto* spotlight = body.members.if_contains("spotlight");
    if (spotlight == nullptr) return;
    values["spotlight"] = nullptr;
    if (spotlight->is_null()) return;
    if (const auto space = number_in(*spotlight, "spotlight", 0, kMaxSpace, errors))
        values["spotlight"] = *space;
}

Result<> check_arrangement(const bj::object& values, const bj::object* before) {
    const auto field = [&](std::string_view name) -> const bj::value* {
        if (const auto* given = values.if_contains(name)) return given;
        return before == nullptr ? nullptr : before->if_contains(name);
    };
    const auto side = [&](std::string_view name) {
        const auto* given = field(name);
        return given == nullptr || !given->is_int64() ? std::int64_t{3} : given->get_int64();
    };
    const auto spaces = side("columns") * side("rows");
    records::FieldErrors errors;
    bj::array none;
    const auto* cells = field("cells");
    const auto& list = cells == nullptr || !cells->is_array() ? none : cells->get_array();
    if (!list.empty() && space_of(list.back()) >= spaces)
        errors.add("cells", "out_of_range", "has a space that is not in the grid");
    const auto* spotlight = field("spotlight");
    if (spotlight != nullptr && spotlight->is_int64() &&
        std::ranges::find(list, spotlight->get_int64(), space_of) == list.end()) {
        errors.add("spotlight", "not_found", "is the space of no cell");
    }
    if (errors.any()) return errors.error();
    return ok();
}

bj::array streams_in(const bj::object& values) {
    bj::array out;
    const auto* cells = values.if_contains("cells");
    if (cells == nullptr) return out;
    std::set<std::int64_t> seen;
    for (const auto& cell : cells->as_array()) {
        const auto& id = cell.at("stream_id");
        if (id.is_int64() && seen.insert(id.get_int64()).second) out.push_back(id);
    }
    return out;
}

}  // namespace streamwall::catalog
