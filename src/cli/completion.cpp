// moldau completion bash|zsh: a script for the shell, made from the commands that there are.
#include "command.hpp"

#include "moldau/cli/output.hpp"
#include "moldau/cli/word_options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>

namespace moldau::cli {
namespace {

/// What may follow: commands, then options.
std::string words_of(const CLI::App& app) {
    std::string words;
    const auto add = [&words](std::string_view word) {
        if (!words.empty()) words += ' ';
        words += word;
    };
    for (const CLI::App* command : app.get_subcommands(nullptr)) add(command->get_name());
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) add("--" + name);
    }
    return words;
}

// `path`: " topic create".
void add_paths(const CLI::App& app, const std::string& path, std::string& known,
               std::string& cases) {
    cases += fmt::format("        '{}') words='{}' ;;\n", path, words_of(app));
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
        const std::string below = path + ' ' + command->get_name();
        known += fmt::format("{}'{}'", known.empty() ? "" : " | ", below);
        add_paths(*command, below, known, cases);
    }
}

std::string script(const CLI::App& app, bool zsh) {
    std::string known;
    std::string cases;
    add_paths(app, "", known, cases);
    return fmt::format(
        "{}_moldau() {{\n"
        "    local path= words= i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case \"$path ${{COMP_WORDS[i]}}\" in {}) path+=\" ${{COMP_WORDS[i]}}\" ;; esac\n"
        "    done\n"
        "    case \"$path\" in\n{}    esac\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"${{COMP_WORDS[COMP_CWORD]}}\"))\n"
        "}}\n"
        "complete -o default -F _moldau moldau\n",
        zsh ? "autoload -U +X bashcompinit && bashcompinit\n" : "", known, cases);
}

runtime::Task<Result<>> print_script(std::string text) {
    co_return print(text);
}

}  // namespace

void add_completion(CLI::App& parent, Choice& choice) {
    CLI::App* command = parent.add_subcommand(
        "completion", "a script that completes commands: source <(moldau completion bash)");
    auto shell = std::make_shared<std::string>();
    command->add_option("shell", *shell, "bash or zsh")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}));
    command->callback([shell, &parent, &choice] {
        choice.offline = [text = script(parent, *shell == "zsh")](Offline) {
            return print_script(text);
        };
    });
}

}  // namespace moldau::cli
