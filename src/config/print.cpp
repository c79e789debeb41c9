#include "moldau/config/print.hpp"

#include "text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace moldau::config {

namespace {

/// A YAML string that reads back as exactly this: in double quotes where it is not plainly a word.
std::string yaml_text(std::string_view text) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/";
    const bool is_plain = !text.empty() && text.find_first_not_of(kPlain) == text.npos &&
                          text.front() != '-' && text.front() != '.' && lower(text) != "null";
    if (is_plain) return std::string(text);
    std::string quoted_text = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            quoted_text += fmt::format("\\{}", c);
        else if (byte < 0x20 || byte == 0x7F)
            quoted_text += fmt::format("\\x{:02x}", byte);
        else
            quoted_text += c;
    }
    return quoted_text + '"';
}

struct Shown {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int16_t value) const { return fmt::format("{}", value); }
    std::string operator()(std::int32_t value) const { return fmt::format("{}", value); }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const std::string& value) const { return yaml_text(value); }
    std::string operator()(const Secret&) const { return "(hidden)"; }
    std::string operator()(const std::vector<std::string>& items) const {
        std::vector<std::string> texts;
        texts.reserve(items.size());
        for (const std::string& item : items) texts.push_back(yaml_text(item));
        return fmt::format("[{}]", fmt::join(texts, ", "));
    }
};

/// A comment must not end early, whatever a file is called.
std::string one_line(std::string text) {
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
    return text;
}

std::string markdown_cell(std::string_view text) {
    std::string cell;
    for (const char c : text) {
        if (c == '|' || c == '*' || c == '<' || c == '_') cell += '\\';
        cell += c;
    }
    return cell;
}

std::string default_of(const Setting& setting) {
    switch (setting.default_value.kind) {
        case Default::Kind::required:
            return "(required)";
        case Default::Kind::null:
            return "null";
        case Default::Kind::text:
            break;
    }
    const std::string_view text = setting.default_value.text;
    return text.empty() ? "\"\"" : fmt::format("`{}`", text);
}

}  // namespace

std::string print_config(const Settings& settings) {
    std::string page =
        "# Every setting: what was set, and as comments what was not (with its default) or must "
        "stay hidden.\n";
    for (const Settings::Entry& entry : settings.entries()) {
        const bool is_secret = std::holds_alternative<Secret>(entry.value);
        const bool is_comment = !entry.origin.is_explicit() || is_secret;
        page += fmt::format("{}{}: {}  # {}{}\n", is_comment ? "# " : "", entry.setting->name,
                            std::visit(Shown{}, entry.value), one_line(entry.origin.to_string()),
                            entry.origin.is_explicit() && !entry.setting->is_in_effect()
                                ? ", without effect yet"
                                : "");
    }
    for (const Settings::Other& other : settings.others())
        page += fmt::format("# {}: (hidden)  # {}, without effect yet\n", one_line(other.key),
                            one_line(other.origin.to_string()));
    return page;
}

Report check_config(const Loaded& loaded) {
    Report report{.is_good = loaded.errors.empty() && loaded.settings.has_value()};
    for (const Problem& problem : loaded.errors)
        report.text += fmt::format("error: {}\n", problem.to_string());
    for (const Problem& problem : loaded.warnings)
        report.text += fmt::format("warning: {}\n", problem.to_string());
    if (report.is_good) {
        const auto names = loaded.settings->without_effect();
        if (!names.empty())
            report.text +=
                fmt::format("warning: set, but without effect yet: {}\n", fmt::join(names, ", "));
    }
    report.text += report.is_good ? std::string("the settings are good\n")
                                  : fmt::format("the settings cannot be used: errors={}\n",
                                                loaded.errors.size());
    return report;
}

namespace {

void add_explained(std::string& page, Table which) {
    for (const Setting& setting : table(which)) {
        if (!setting.is_in_effect()) continue;
        const std::string rule = setting.rule.to_string();
        page += fmt::format("\n### {}\n\n{}\n\n{}, default {}{}", setting.name,
                            markdown_cell(setting.documentation), name(setting.type),
                            default_of(setting),
                            rule == "-" ? std::string() : fmt::format(", allowed `{}`", rule));
        if (setting.update != UpdateMode::dynamic) {
            page +=
                fmt::format(", {} importance, {}", name(setting.importance),
                            name(is_alterable(setting) ? setting.update : UpdateMode::read_only));
        } else if (!setting.broker_setting.empty()) {
            page += fmt::format(", inherited from {}", setting.broker_setting);
        }
        page += "\n";
    }
}

void add_without_effect(std::string& page, Table which) {
    page += "\n| name | type | default | allowed | update |\n| --- | --- | --- | --- | --- |\n";
    for (const Setting& setting : table(which)) {
        if (setting.is_in_effect() || setting.is_internal) continue;
        page += fmt::format("| {} | {} | {} | {} | {} |\n", markdown_cell(setting.name),
                            name(setting.type), default_of(setting),
                            markdown_cell(setting.rule.to_string()), name(setting.update));
    }
}

}  // namespace

std::string settings_page() {
    std::string page =
        "# Settings\n\n"
        "Generated from the table in `src/config` (`settings_page()`); a test holds the two "
        "together.\n\n"
        "A file is YAML (nested or dotted keys) or a Kafka `server.properties`. What is in effect "
        "is explained\nbelow; every other setting of Kafka 4.3 is known, checked and, when set, "
        "named at the start as being without\neffect yet.\n\n"
        "## In effect\n";
    add_explained(page, Table::broker);
    page +=
        "\n## Topics, in effect\n\n"
        "Set when a topic is made or altered. What a topic does not set it inherits from the "
        "broker's setting that is\nnamed.\n";
    add_explained(page, Table::topic);
    page += "\n## Known, without effect yet\n";
    add_without_effect(page, Table::broker);
    page += "\n## Topics: known, without effect yet\n";
    add_without_effect(page, Table::topic);
    return page;
}

}  // namespace moldau::config
