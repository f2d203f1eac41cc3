// Texts that several people write at the same time: content, version and the latest operations,
// kept in the store.
//
// The operations of one text are taken one after the other. Each is transformed by those that its
// author had not seen, and becomes the next version, in one transaction with the content. Where
// another instance was faster the store refuses the version, and the operation is transformed anew.
#pragma once

#include "text_op.hpp"

#include <streamwall/records/store.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace streamwall::collaboration {

struct PastOp {
    std::int64_t version = 0;  // of the text behind it
    TextOp op;
    std::string author;
    std::string id;  // the author's own name for it
    std::int64_t record_id = 0;
};

// What a client sends.
struct TextEdit {
    std::int64_t version = 0;  // of the text that it was made on
    TextOp op;
    std::string author;
    std::string id;  // may be empty; who sends an operation again, gets the same answer
};

struct TextState {
    std::int64_t version = 0;
    std::string content;
    std::deque<PastOp> history;  // the newest last
};

// All on the plugin's strand.
class Texts {
  public:
    static constexpr std::size_t kMaxBytes = 256 * 1024;  // of a content
    static constexpr std::size_t kKeptOps = 500;          // of a text
    static constexpr std::size_t kMaxWaiting = 200;       // edits of a text
    static constexpr std::size_t kMaxLoaded = 500;        // texts that nobody writes just now
    static constexpr std::string_view kDeclaration = R"({"name":"collaboration_texts","fields":[
{"name":"name","type":"text"},{"name":"content","type":"text","default":""},
{"name":"revision","type":"integer"}],
"unique":[{"name":"name","fields":["name"]}],"indexes":[]},
{"name":"collaboration_ops","fields":[
{"name":"text","type":"text"},{"name":"revision","type":"integer"},{"name":"op","type":"json"},
{"name":"author","type":"text"},{"name":"op_id","type":"text"}],
"unique":[{"name":"revision","fields":["text","revision"]}],"indexes":[]})";

    Texts(PluginBase& plugin, records::Store& store, Tasks& tasks)
        : plugin_(plugin), store_(store), tasks_(tasks) {}

    struct Applied {
        PastOp op;               // as it became
        bool is_repeat = false;  // it was applied before; nobody else needs to hear of it
    };
    // `done` runs once, on the strand, in the order of edits of one text. INVALID_ARGUMENT: the
    // edit does not fit; OUT_OF_RANGE: its version is not known any more, or not yet.
    void edit(const std::string& name, TextEdit edit, std::function<void(Result<Applied>)> done);

    Task<Result<TextState>> read(std::string name);

  private:
    struct Waiting {
        TextEdit edit;
        std::function<void(Result<Applied>)> done;
    };
    struct Text {
        bool is_loaded = false;
        std::int64_t record_id = 0;  // 0: not in the store yet
        std::int64_t record_version = 0;
        TextState state;
        std::deque<Waiting> waiting;
    };

    Task<> drain(std::string name);
    Task<Result<Applied>> apply(std::string name, TextEdit edit);
    Task<Result<>> load(std::string name);
    Task<Result<>> save(std::string name, PastOp op, std::string content);
    Text& text_of(const std::string& name);

    PluginBase& plugin_;
    records::Store& store_;
    Tasks& tasks_;
    std::map<std::string, Text> texts_;
};

// The edit as it applies to the newest state, and what that makes of the content.
struct FittedEdit {
    TextOp op;
    std::string content;
};
Result<FittedEdit> fit(const TextState& state, const TextEdit& edit);

}  // namespace streamwall::collaboration
