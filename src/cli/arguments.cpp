#include "moldau/cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>
#include <utility>

namespace moldau::cli {

// ------------------------------------------------------------------ Option

Option Option::required() {
    option_->required();
    return *this;
}

Option Option::within(int least, int most) {
    option_->check(CLI::Range(least, most));
    return *this;
}

Option Option::within(std::int64_t least, std::int64_t most) {
    option_->check(CLI::Range(least, most));
    return *this;
}

Option Option::within(std::uint64_t least, std::uint64_t most) {
    option_->check(CLI::Range(least, most));
    return *this;
}

Option Option::within(double least, double most) {
    option_->check(CLI::Range(least, most));
    return *this;
}

Option Option::one_of(const std::vector<std::string>& words) {
    option_->check(CLI::IsMember(words));
    return *this;
}

Option Option::type_name(const std::string& name) {
    option_->type_name(name);
    return *this;
}

Option Option::default_text(const std::string& text) {
    option_->default_str(text);
    return *this;
}

Option Option::shows_default() {
    option_->capture_default_str();
    return *this;
}

Option Option::repeats_name() {
    option_->allow_extra_args(false);
    return *this;
}

Option Option::from_environment(const std::string& variable) {
    option_->envname(variable);
    return *this;
}

Option Option::excludes(Option other) {
    option_->excludes(other.option_);
    return *this;
}

// ------------------------------------------------------------------ Command

Command Command::command(const std::string& name, const std::string& meaning) {
    CLI::App* added = app_->add_subcommand(name, meaning);
    added->fallthrough();
    return Command(added);
}

void Command::requires_command() {
    app_->require_subcommand(1);
}

void Command::when_chosen(std::function<void()> done) {
    app_->callback(std::move(done));
}

template <class T>
Option Command::option(const std::string& names, T& into, const std::string& meaning) {
    return Option(app_->add_option(names, into, meaning));
}
template Option Command::option(const std::string&, std::string&, const std::string&);
template Option Command::option(const std::string&, double&, const std::string&);
template Option Command::option(const std::string&, std::int16_t&, const std::string&);
template Option Command::option(const std::string&, std::int32_t&, const std::string&);
template Option Command::option(const std::string&, std::int64_t&, const std::string&);
template Option Command::option(const std::string&, std::uint32_t&, const std::string&);
template Option Command::option(const std::string&, std::uint64_t&, const std::string&);
template Option Command::option(const std::string&, std::optional<std::string>&,
                                const std::string&);
template Option Command::option(const std::string&, std::optional<std::int32_t>&,
                                const std::string&);
template Option Command::option(const std::string&, std::optional<std::int64_t>&,
                                const std::string&);
template Option Command::option(const std::string&, std::optional<std::uint64_t>&,
                                const std::string&);
template Option Command::option(const std::string&, std::vector<std::string>&, const std::string&);
template Option Command::option(const std::string&, std::vector<std::int32_t>&, const std::string&);

Option Command::option(const std::string& names,
                       const std::function<void(const std::string&)>& take,
                       const std::string& meaning) {
    return Option(app_->add_option_function<std::string>(names, take, meaning));
}

Option Command::words(const std::string& names, const std::function<void(const std::string&)>& take,
                      const std::string& meaning, const std::vector<std::string>& words) {
    return Option(app_->add_option_function<std::string>(names, take, meaning)
                      ->check(CLI::IsMember(words).description(""))
                      ->type_name(fmt::format("{}", fmt::join(words, "|"))));
}

Option Command::flag(const std::string& names, bool& into, const std::string& meaning) {
    return Option(app_->add_flag(names, into, meaning));
}

Option Command::flag(const std::string& names, std::function<void()> take,
                     const std::string& meaning) {
    return Option(app_->add_flag_callback(names, std::move(take), meaning));
}

const std::string& Command::name() const {
    return app_->get_name();
}

std::vector<Command> Command::commands() const {
    std::vector<Command> found;
    for (CLI::App* each : app_->get_subcommands(std::function<bool(CLI::App*)>()))
        found.emplace_back(each);
    return found;
}

std::vector<std::string> Command::long_names() const {
    std::vector<std::string> found;
    for (const CLI::Option* option : std::as_const(*app_).get_options()) {
        for (const std::string& each : option->get_lnames()) found.push_back("--" + each);
    }
    return found;
}

bool Command::has_chosen(const std::string& name) const {
    return app_->got_subcommand(name);
}

// ------------------------------------------------------------------ CommandLine

CommandLine::CommandLine(const std::string& description, const std::string& program)
    : Command(nullptr), root_(std::make_unique<CLI::App>(description, program)) {
    app_ = root_.get();
    app_->fallthrough();
}

CommandLine::~CommandLine() = default;

void CommandLine::version(const std::string& text) {
    app_->set_version_flag("--version", text);
}

void CommandLine::footer(const std::string& text) {
    app_->footer(text);
}

template <class Parse>
std::optional<Ended> CommandLine::parsed(const Parse& parse) {
    try {
        parse();
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        std::ostringstream out;
        std::ostringstream err;
        if (app_->exit(error, out, err) == 0) return Ended{.is_misuse = false, .text = out.str()};
        // What is missing may be what was misspelt.
        const std::vector<std::string> unknown = app_->remaining(true);
        const bool is_missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
        if (is_missing && !unknown.empty())
            return Ended{.is_misuse = true,
                         .text = fmt::format("'{}' is not known here", unknown.front())};
        return Ended{.is_misuse = true, .text = error.what()};
    }
}

std::optional<Ended> CommandLine::parse(int argc, const char* const* argv) {
    return parsed([&] { app_->parse(argc, argv); });
}

std::optional<Ended> CommandLine::parse(const std::string& arguments) {
    return parsed([&] { app_->parse(arguments); });
}

}  // namespace moldau::cli
