// `completion`: scripts that complete commands and options, made from the same tree that parses
// them.
#include "cli/commands.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

namespace streamwall::cli {

namespace {

struct Place {
    std::string path;  // "plugins list"; empty for the program itself
    std::vector<std::pair<std::string, std::string>> words;  // and their help
};

void collect(const CLI::App& app, const std::string& path, std::vector<Place>& places) {
    Place place{path, {}};
    const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
    for (const auto* command : commands) {
        place.words.emplace_back(command->get_name(), command->get_description());
    }
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) {
            place.words.emplace_back("--" + name, option->get_description());
        }
    }
    places.push_back(std::move(place));
    for (const auto* command : commands) {
        collect(*command, path.empty() ? command->get_name() : path + " " + command->get_name(),
                places);
    }
}

// The words before the cursor that are no options are the path; zsh runs it too.
constexpr std::string_view kBashHead = R"(_streamwall() {
    local path="" word words
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in -*) ;; *) path="${path:+$path }$word" ;; esac
    done
    case $path in
)";
constexpr std::string_view kBashTail = R"(        *) words="" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _streamwall streamwall
)";

void print_bash(std::ostream& out, const std::vector<Place>& places) {
    out << kBashHead;
    for (const auto& place : places) {
        std::string words;
        for (const auto& [word, help] : place.words)
            words += (words.empty() ? "" : " ") + word;
        out << fmt::format("        \"{}\") words=\"{}\" ;;\n", place.path, words);
    }
    out << kBashTail;
}

std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

void print_fish(std::ostream& out, const std::vector<Place>& places) {
    out << "function __streamwall_at\n"
           "    set -l words (commandline -opc | string match -v -- '-*')\n"
           "    test \"$words[2..]\" = \"$argv\"\n"
           "end\n"
           "complete -c streamwall -f\n";
    for (const auto& place : places) {
        for (const auto& [word, help] : place.words) {
            const bool is_option = word.starts_with("--");
            out << fmt::format("complete -c streamwall -n {} {} {} -d {}\n",
                               shell_quoted("__streamwall_at " + place.path),
                               is_option ? "-l" : "-a", is_option ? word.substr(2) : word,
                               shell_quoted(help));
        }
    }
}

int print(Session& session, const CLI::App& root, const std::string& shell) {
    std::vector<Place> places;
    collect(root, "", places);
    auto& out = session.console.out;
    if (shell == "fish") {
        print_fish(out, places);
    } else {
        if (shell == "zsh") out << "autoload -U +X bashcompinit && bashcompinit\n";
        print_bash(out, places);
    }
    return kDone;
}

}  // namespace

void add_completion_command(CLI::App& root, Session& session) {
    auto shell = std::make_shared<std::string>();
    auto* command = add_command(root, session,
                                {"completion", "Prints a script that completes commands",
                                 "  source <(streamwall completion bash)\n"
                                 "  source <(streamwall completion zsh)\n"
                                 "  streamwall completion fish | source"},
                                [&session, &root, shell] { return print(session, root, *shell); });
    command->add_option("SHELL", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

}  // namespace streamwall::cli
