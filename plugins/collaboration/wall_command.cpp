#include "wall_command.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace streamwall::collaboration {

namespace {

namespace bj = boost::json;

Error wrong(const char* member, const char* what) {
    return Error::invalid(std::string(member) + " " + what, member);
}

std::int64_t number_at(const bj::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

bool is_null(const bj::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value != nullptr && value->is_null();
}

// A space of the wall's grid.
Result<std::int64_t> read_space(const bj::object& wall, const bj::object& data, const char* name) {
    const auto* value = data.if_contains(name);
    const auto spaces = number_at(wall, "columns") * number_at(wall, "rows");
    const bool is_space =
        value && value->is_int64() && value->get_int64() >= 0 && value->get_int64() < spaces;
    if (!is_space) return wrong(name, "must be a cell of the grid");
    return value->get_int64();
}

// The cells, among which the one of a space is found or made.
class Cells {
  public:
    explicit Cells(const bj::object& wall) {
        const auto* cells = wall.if_contains("cells");
        if (cells && cells->is_array()) list_ = cells->get_array();
    }
    bj::object& at(std::int64_t space) {
        for (auto& cell : list_) {
            if (number_at(cell.as_object(), "space") == space) return cell.as_object();
        }
        return list_.emplace_back(bj::object{{"space", space}}).as_object();
    }
    void erase(std::int64_t space) {
        list_.erase(std::remove_if(list_.begin(), list_.end(),
                                   [&](const bj::value& cell) {
                                       return number_at(cell.as_object(), "space") == space;
                                   }),
                    list_.end());
    }
    bool shows_something(std::int64_t space) const {
        return std::ranges::any_of(list_, [&](const bj::value& cell) {
            return number_at(cell.as_object(), "space") == space;
        });
    }
    bj::array& list() { return list_; }
    bj::object body() && { return {{"cells", std::move(list_)}}; }

  private:
    bj::array list_;
};

Result<bj::object> show(const bj::object& wall, const bj::object& data) {
    const auto space = read_space(wall, data, "space");
    if (!space) return space.error();
    Cells cells(wall);
    const auto* stream = data.if_contains("stream_id");
    const auto* pin = data.if_contains("pin");
    if (is_null(data, "stream_id")) stream = nullptr;
    if (is_null(data, "pin")) pin = nullptr;
    if (stream && pin) return wrong("pin", "and stream_id exclude each other");
    if (!stream && !pin) {
        cells.erase(*space);
        return std::move(cells).body();
    }
    auto& cell = cells.at(*space);
    cell["stream_id"] = stream ? *stream : bj::value();
    cell["pin"] = pin ? *pin : bj::value();
    return std::move(cells).body();
}

Result<bj::object> listen(const bj::object& wall, const bj::object& data) {
    std::int64_t chosen = -1;
    if (!is_null(data, "space")) {
        const auto space = read_space(wall, data, "space");
        if (!space) return space.error();
        chosen = *space;
    }
    Cells cells(wall);
    if (chosen >= 0 && !cells.shows_something(chosen)) return wrong("space", "shows nothing");
    for (auto& item : cells.list()) {
        auto& cell = item.as_object();
        const auto* audio = cell.if_contains("audio");
        if (number_at(cell, "space") == chosen)
            cell["audio"] = "listening";
        else if (audio && *audio == bj::value("listening"))
            cell["audio"] = "muted";
    }
    return std::move(cells).body();
}

// Sets `member` of a cell that shows something.
Result<bj::object> set(const bj::object& wall, const bj::object& data, const char* member,
                       bj::value value) {
    const auto space = read_space(wall, data, "space");
    if (!space) return space.error();
    Cells cells(wall);
    if (!cells.shows_something(*space)) return wrong("space", "shows nothing");
    cells.at(*space)[member] = std::move(value);
    return std::move(cells).body();
}

Result<bj::object> set_flag(const bj::object& wall, const bj::object& data, const char* member,
                            bj::value on, bj::value off) {
    const auto* value = data.if_contains("on");
    if (value == nullptr || !value->is_bool()) return wrong("on", "must be true or false");
    return set(wall, data, member, value->get_bool() ? std::move(on) : std::move(off));
}

Result<bj::object> set_number(const bj::object& wall, const bj::object& data, const char* member) {
    const auto* value = data.if_contains(member);
    if (value == nullptr || !value->is_int64()) return wrong(member, "must be a whole number");
    return set(wall, data, member, *value);
}

Result<bj::object> spotlight(const bj::object& wall, const bj::object& data) {
    if (is_null(data, "space")) return bj::object{{"spotlight", nullptr}};
    const auto space = read_space(wall, data, "space");
    if (!space) return space.error();
    return bj::object{{"spotlight", *space}};
}

// Cells keep their column and row; those beyond the new grid go.
Result<bj::object> grid(const bj::object& wall, const bj::object& data) {
    const auto columns = number_at(data, "columns");
    const auto rows = number_at(data, "rows");
    if (columns < 1) return wrong("columns", "must be a whole number from 1");
    if (rows < 1) return wrong("rows", "must be a whole number from 1");
    const auto before = std::max<std::int64_t>(1, number_at(wall, "columns"));
    const auto move = [&](std::int64_t space) -> std::optional<std::int64_t> {
        const auto column = space % before, row = space / before;
        if (column >= columns || row >= rows) return std::nullopt;
        return row * columns + column;
    };
    bj::array kept;
    for (auto& item : Cells(wall).list()) {
        auto cell = item.as_object();
        const auto space = move(number_at(cell, "space"));
        if (!space) continue;
        cell["space"] = *space;
        kept.push_back(std::move(cell));
    }
    bj::object out{{"columns", columns}, {"rows", rows}, {"cells", std::move(kept)}};
    const auto* shown = wall.if_contains("spotlight");
    const auto spot = shown && shown->is_int64() ? move(shown->get_int64()) : std::nullopt;
    out["spotlight"] = spot ? bj::value(*spot) : bj::value();
    return out;
}

Result<bj::object> swap(const bj::object& wall, const bj::object& data) {
    const auto one = read_space(wall, data, "space");
    if (!one) return one.error();
    const auto other = read_space(wall, data, "with");
    if (!other) return other.error();
    Cells cells(wall);
    for (auto& item : cells.list()) {
        auto& cell = item.as_object();
        const auto space = number_at(cell, "space");
        if (space == *one)
            cell["space"] = *other;
        else if (space == *other)
            cell["space"] = *one;
    }
    return std::move(cells).body();
}

Result<bj::object> arrange(const bj::object& /*wall*/, const bj::object& data) {
    bj::object out;
    for (const auto* member : {"columns", "rows", "cells", "spotlight"}) {
        if (const auto* value = data.if_contains(member)) out[member] = *value;
    }
    if (out.empty()) return wrong("cells", "must be given");
    return out;
}

}  // namespace

Result<bj::object> plan_command(const bj::object& wall, std::string_view command,
                                const bj::object& data) {
    if (command == "show") return show(wall, data);
    if (command == "listen") return listen(wall, data);
    if (command == "background") return set_flag(wall, data, "audio", "background", "muted");
    if (command == "blur") return set_flag(wall, data, "blur", true, false);
    if (command == "rotate") return set_number(wall, data, "rotation");
    if (command == "volume") return set_number(wall, data, "volume");
    if (command == "spotlight") return spotlight(wall, data);
    if (command == "grid") return grid(wall, data);
    if (command == "swap") return swap(wall, data);
    if (command == "arrange") return arrange(wall, data);
    return wrong("command", "is not known");
}

}  // namespace streamwall::collaboration
