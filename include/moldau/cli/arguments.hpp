// What the arguments of a program are: commands, options and flags. CLI11, which reads them, is
// compiled into arguments.cpp alone: all of it is in headers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): its name
class App;
class Option;
}  // namespace CLI

namespace moldau::cli {

/// An option, a flag or a positional argument: a handle on what its command owns.
class Option {
public:
    explicit Option(CLI::Option* option) : option_(option) {}
    Option required();
    // Values outside are a misuse that names the bounds, both of which are allowed.
    Option within(int least, int most);
    Option within(std::int64_t least, std::int64_t most);
    Option within(std::uint64_t least, std::uint64_t most);
    Option within(double least, double most);
    Option one_of(const std::vector<std::string>& words);
    /// As help shows the value: "HOST:PORT".
    Option type_name(const std::string& name);
    /// As help shows what holds without it.
    Option default_text(const std::string& text);
    /// What the variable holds now is the default, and help says so.
    Option shows_default();
    /// Each value stands behind the option's name again.
    Option repeats_name();
    /// Without it on the command line, the variable of the environment says it.
    Option from_environment(const std::string& variable);
    Option excludes(Option other);

private:
    CLI::Option* option_;
};

/// A command: a handle on what the CommandLine owns.
class Command {
public:
    explicit Command(CLI::App* app) : app_(app) {}
    /// A command below; options of those above may stand behind its name, too.
    Command command(const std::string& name, const std::string& meaning);
    /// From now on one of the commands below must be chosen.
    void requires_command();
    /// `done` is called when the arguments chose this command, after all options are filled.
    void when_chosen(std::function<void()> done);
    /// `names`: "-o,--output", or "topic" of a positional argument. `T` is std::string, a double,
    /// std::int16_t, std::int32_t, std::int64_t, std::uint32_t or std::uint64_t, an optional of
    /// std::string or integers, or a vector: of strings or std::int32_t.
    template <class T>
    Option option(const std::string& names, T& into, const std::string& meaning);
    Option option(const std::string& names, const std::function<void(const std::string&)>& take,
                  const std::string& meaning);
    /// `take` gets one of `words`; any other is a misuse that names them.
    Option words(const std::string& names, const std::function<void(const std::string&)>& take,
                 const std::string& meaning, const std::vector<std::string>& words);
    Option flag(const std::string& names, bool& into, const std::string& meaning);
    Option flag(const std::string& names, std::function<void()> take, const std::string& meaning);

    const std::string& name() const;
    std::vector<Command> commands() const;
    /// Of the options that have one: "--output".
    std::vector<std::string> long_names() const;
    bool has_chosen(const std::string& name) const;

protected:
    CLI::App* app_;
};

/// Why a program ends without doing anything: help or the version, `text`, was asked for, or the
/// arguments are misused, and `text` says how.
struct Ended {
    bool is_misuse = false;
    std::string text;
};

/// The root of a program's commands.
class CommandLine : public Command {
public:
    CommandLine(const std::string& description, const std::string& program);
    CommandLine(CommandLine&&) = delete;
    ~CommandLine();
    /// What --version prints, and ends.
    void version(const std::string& text);
    /// What help ends with.
    void footer(const std::string& text);
    /// Nothing: all variables are filled.
    std::optional<Ended> parse(int argc, const char* const* argv);
    /// `arguments`: as a shell has them, without the program.
    std::optional<Ended> parse(const std::string& arguments);

private:
    template <class Parse>
    std::optional<Ended> parsed(const Parse& parse);
    std::unique_ptr<CLI::App> root_;
};

}  // namespace moldau::cli
