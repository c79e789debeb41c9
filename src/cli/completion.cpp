// moldau completion bash|zsh: a script for the shell, made from the commands that there are.
#include "command.hpp"

#include "moldau/cli/output.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace moldau::cli {
namespace {

/// What may follow: commands, then options.
std::string words_of(const Command& app) {
    std::string words;
    const auto add = [&words](std::string_view word) {
        if (!words.empty()) words += ' ';
        words += word;
    };
    for (const Command& each : app.commands()) add(each.name());
    for (const std::string& name : app.long_names()) add(name);
    return words;
}

// `path`: " topic create".
void add_paths(const Command& app, const std::string& path, std::string& known,
               std::string& cases) {
    cases += fmt::format("        '{}') words='{}' ;;\n", path, words_of(app));
    for (const Command& each : app.commands()) {
        const std::string below = path + ' ' + each.name();
        known += fmt::format("{}'{}'", known.empty() ? "" : " | ", below);
        add_paths(each, below, known, cases);
    }
}

std::string script(const Command& app, bool zsh) {
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

void add_completion(Command parent, Choice& choice) {
    Command command = parent.command(
        "completion", "a script that completes commands: source <(moldau completion bash)");
    auto shell = std::make_shared<std::string>();
    command.option("shell", *shell, "bash or zsh").required().one_of({"bash", "zsh"});
    command.when_chosen([shell, parent, &choice] {
        choice.offline = [text = script(parent, *shell == "zsh")](Offline) {
            return print_script(text);
        };
    });
}

}  // namespace moldau::cli
