// ItemSplitter: the items of a long body, one by one as its bytes come.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace streamwall::rest_api {

// Finds where items begin and end; whether one is good JSON is for who takes it. Keeps one item, of
// a limited size, at most.
class ItemSplitter {
  public:
    enum class Form {
        kLines,     // NDJSON; blank lines are none
        kDocument,  // an array, or an object whose member `streams` is one
    };
    enum class State {
        kOpen,       // more may come
        kEnded,      // the list is whole
        kNoList,     // JSON, but no list
        kMalformed,  // no JSON, or cut off
    };
    // `text` is empty where the item is longer than the limit.
    using Take = std::function<void(std::string text, bool is_too_long)>;

    ItemSplitter(Form form, std::size_t max_item, Take take)
        : max_item_(max_item),
          take_(std::move(take)),
          step_(form == Form::kLines ? Step::kLine : Step::kStart) {}

    void feed(std::string_view bytes);
    void finish();  // all bytes have come
    State state() const { return state_; }

  private:
    enum class Step {
        kLine,
        kStart,
        kMember,      // a name, or the end of the object
        kName,        // inside a name
        kColon,       // behind it
        kValue,       // before a value
        kOtherValue,  // inside one that is not the list
        kBehind,      // behind a value: a comma, or the end of the object
        kItem,        // before or inside an item
        kEnd,         // nothing but blanks
    };

    void take_line(std::string_view& bytes);
    void step(char c);
    void step_item(char c);
    void begin_value(char c);
    // Whether `c` still belongs to the value under way, and what it says about its inside.
    bool is_inside(char c);
    void keep(std::string_view bytes);
    void give();

    const std::size_t max_item_;
    const Take take_;
    Step step_;
    State state_ = State::kOpen;
    std::string text_;
    bool is_too_long_ = false;
    bool is_wrapped_ = false;     // in an object
    bool has_list_ = false;       // the list was there
    bool follows_comma_ = false;  // an item has to come
    int depth_ = 0;
    bool is_string_ = false;
    bool is_escaped_ = false;
};

}  // namespace streamwall::rest_api
