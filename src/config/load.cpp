#include "moldau/config/load.hpp"

#include "assignment.hpp"
#include "nearest.hpp"
#include "node.hpp"
#include "text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace moldau::config {

namespace {

// A file with more unknown keys than this is of another kind altogether; comparing each with every
// known name would only take time.
constexpr int kNearestNamesMax = 100;

/// Settings of plugins that everybody has: Kafka's own authorizer.
constexpr std::array<std::string_view, 2> kPluginKeys = {"allow.everyone.if.no.acl.found",
                                                         "super.users"};
/// What decides roles and listeners: while one of these is wrong, the rest cannot be judged.
constexpr std::array<std::string_view, 10> kNodeKeys = {"advertised.listeners",
                                                        "broker.id",
                                                        "controller.listener.names",
                                                        "controller.quorum.bootstrap.servers",
                                                        "controller.quorum.voters",
                                                        "inter.broker.listener.name",
                                                        "listener.security.protocol.map",
                                                        "listeners",
                                                        "node.id",
                                                        "process.roles"};

/// In the order of the file, as a reader of it expects; what stands in one line stays as it came.
std::vector<Problem> by_line(std::vector<Problem> problems) {
    std::multimap<int, Problem> sorted;
    for (Problem& problem : problems) sorted.emplace(problem.origin.line, std::move(problem));
    problems.clear();
    for (auto& [line, problem] : sorted) problems.push_back(std::move(problem));
    return problems;
}

class Loader {
public:
    Loaded load(const std::optional<File>& file, std::span<const Overlay> overlays) {
        for (const Setting& setting : table(Table::broker))
            entries_.push_back({&setting, default_value(setting), Origin{}});
        if (file) take_file(*file);
        take_overlays(overlays);
        for (auto& [key, assignment] : chosen_) assign(key, assignment);
        fill_in();
        check_durations();

        Loaded loaded;
        Node node;
        if (is_node_readable_) {
            const Settings draft(entries_, {}, {});
            check_connections(draft);
            std::vector<Problem> errors;  // its own: what else is wrong must not stop its checks
            node = build_node(draft, errors, warnings_);
            errors_.insert(errors_.end(), errors.begin(), errors.end());
        }
        if (errors_.empty())
            loaded.settings.emplace(std::move(entries_), std::move(others_), std::move(node));
        loaded.errors = by_line(std::move(errors_));
        loaded.warnings = by_line(std::move(warnings_));
        return loaded;
    }

private:
    void refuse(const Origin& origin, std::string key, std::string message) {
        errors_.push_back({origin, std::move(key), std::move(message)});
    }
    void warn(const Origin& origin, std::string key, std::string message) {
        warnings_.push_back({origin, std::move(key), std::move(message)});
    }

    // ------------------------------------------------------------------ gathering

    void take_file(const File& file) {
        const Origin whole{.kind = Origin::Kind::file, .source = file.name};
        if (file.text.size() > kFileBytesMax) {
            refuse(whole, {}, fmt::format("is larger than {} bytes", kFileBytesMax));
            return;
        }
        const FileKind kind = kind_of(file);
        FileContents contents = kind == FileKind::yaml ? read_yaml(file) : read_properties(file);
        errors_ = std::move(contents.errors);
        warnings_ = std::move(contents.warnings);
        for (Assignment& assignment : contents.assignments) {
            const auto before = chosen_.find(assignment.key);
            if (before != chosen_.end()) {
                const int first = before->second.origin.line;
                // YAML forbids it; java.util.Properties takes the last one.
                if (kind == FileKind::yaml)
                    refuse(assignment.origin, assignment.key,
                           fmt::format("is given twice, first in line {}", first));
                else
                    warn(
                        assignment.origin, assignment.key,
                        fmt::format("is given twice: this one counts, not that of line {}", first));
            }
            std::string key = assignment.key;
            chosen_.insert_or_assign(std::move(key), std::move(assignment));
        }
    }

    void take_overlays(std::span<const Overlay> overlays) {
        std::set<std::string_view> seen;
        for (const Overlay& overlay : overlays) {
            const Origin origin{.kind = Origin::Kind::overlay, .source = overlay.source};
            if (!seen.insert(overlay.key).second)
                warn(origin, overlay.key,
                     "is given twice on the command line: the last one counts");
            chosen_.insert_or_assign(overlay.key,
                                     Assignment{overlay.key, Written(overlay.value), origin});
        }
    }

    // ------------------------------------------------------------------ one by one

    Settings::Entry& entry(std::string_view key) {
        return *std::ranges::lower_bound(
            entries_, key, {}, [](const Settings::Entry& each) { return each.setting->name; });
    }

    void assign(const std::string& key, const Assignment& assignment) {
        const Setting* setting = config::find(Table::broker, key);
        if (setting == nullptr) {
            assign_other(key, assignment);
            return;
        }
        std::optional<Value> value = parsed(*setting, key, assignment);
        if (!value) {
            if (std::ranges::find(kNodeKeys, key) != kNodeKeys.end()) is_node_readable_ = false;
            // Marked as given all the same, so that it is not said to be missing as well.
            entry(key).origin = assignment.origin;
            return;
        }
        if (setting->update == UpdateMode::dynamic_only)
            warn(assignment.origin, key, "changes only at run time: it does nothing here");
        entry(key).value = std::move(*value);
        entry(key).origin = assignment.origin;
    }

    /// nullopt after a problem was noted.
    std::optional<Value> parsed(const Setting& setting, const std::string& key,
                                const Assignment& assignment) {
        Result<Parsed> result = parse_value(setting, assignment.written);
        if (!result) {
            refuse(assignment.origin, key, result.error().detail);
            return std::nullopt;
        }
        if (!result->dropped.empty())
            warn(assignment.origin, key,
                 fmt::format("{} is listed more than once: the first one counts",
                             in_quotes(fmt::format("{}", fmt::join(result->dropped, ",")))));
        return std::move(result->value);
    }

    void assign_other(const std::string& key, const Assignment& assignment) {
        if (key.starts_with(kListenerPrefix)) {
            assign_listeners_own(key, assignment);
            return;
        }
        if (is_plugins(key)) {
            keep_other(key, assignment);
            return;
        }
        if (const Setting* topics = config::find(Table::topic, key);
            topics != nullptr && !topics->broker_setting.empty()) {
            warn(assignment.origin, key,
                 fmt::format("is a topic's setting and does nothing here; the default for all "
                             "topics is {}",
                             topics->broker_setting));
            return;
        }
        warn_of_unknown(key, key, assignment.origin);
    }

    /// listener.name.<name>.<setting>, listener.name.<name>.<mechanism>.<sasl setting>
    void assign_listeners_own(const std::string& key, const Assignment& assignment) {
        const std::size_t dot = key.find('.', kListenerPrefix.size());
        const std::string_view suffix =
            dot == std::string::npos ? std::string_view() : std::string_view(key).substr(dot + 1);
        const Setting* setting = config::find(Table::broker, suffix);
        if (setting == nullptr) {
            const std::size_t after_mechanism = suffix.find(".sasl.");
            if (after_mechanism != std::string_view::npos)
                setting = config::find(Table::broker, suffix.substr(after_mechanism + 1));
        }
        if (setting == nullptr) {
            warn_of_unknown(key, suffix, assignment.origin);
            return;
        }
        if (parsed(*setting, key, assignment)) keep_other(key, assignment);
    }

    void warn_of_unknown(const std::string& key, std::string_view compared, const Origin& origin) {
        std::string_view nearest;
        if (++unknown_ <= kNearestNamesMax) nearest = nearest_name(Table::broker, compared);
        const std::string prefix = key.substr(0, key.size() - compared.size());
        warn(origin, key,
             nearest.empty() ? std::string("is no setting that is known here")
                             : fmt::format("is no setting that is known here; is {}{} meant?",
                                           prefix == key ? "" : prefix, nearest));
    }

    bool is_plugins(std::string_view key) const {
        if (std::ranges::find(kPluginKeys, key) != kPluginKeys.end()) return true;
        if (key.starts_with("config.providers.")) return true;
        // The prefixes are themselves settings, and may stand anywhere in the file.
        for (const std::string_view prefix_key : {"remote.log.storage.manager.impl.prefix",
                                                  "remote.log.metadata.manager.impl.prefix"}) {
            const auto given = chosen_.find(std::string(prefix_key));
            const auto* text =
                given == chosen_.end() ? nullptr : std::get_if<std::string>(&given->second.written);
            const std::string_view prefix =
                text != nullptr ? trim(*text)
                                : config::find(Table::broker, prefix_key)->default_value.text;
            if (!prefix.empty() && key.starts_with(prefix)) return true;
        }
        return false;
    }

    void keep_other(const std::string& key, const Assignment& assignment) {
        std::string text;
        if (const auto* one = std::get_if<std::string>(&assignment.written)) text = *one;
        if (const auto* many = std::get_if<std::vector<std::string>>(&assignment.written))
            text = fmt::format("{}", fmt::join(*many, ","));
        others_.push_back({key, Secret(std::move(text)), assignment.origin});
    }

    // ------------------------------------------------------------------ together

    void fill_in() {
        Settings::Entry& node_id = entry("node.id");
        Settings::Entry& broker_id = entry("broker.id");
        // One id under two names: what is given under one is the default of the other.
        if (broker_id.origin.is_explicit() && !node_id.origin.is_explicit()) {
            node_id.value = broker_id.value;
            node_id.origin = broker_id.origin;
            const auto* id = std::get_if<std::int32_t>(&broker_id.value);
            if (id != nullptr && *id < 0) {
                refuse(broker_id.origin, "broker.id",
                       fmt::format("'{}' is out of range; allowed: [0,...]", *id));
                is_node_readable_ = false;
            }
        }
        const bool nobody_said = is_implicit(entries_);
        if (nobody_said) apply_implicit_defaults(entries_);
        if (!broker_id.origin.is_explicit()) {
            broker_id.value = node_id.value;
            broker_id.origin = node_id.origin;
        }
        if (nobody_said) return;
        for (const Settings::Entry& each : entries_) {
            if (each.setting->default_value.kind != Default::Kind::required ||
                each.origin.is_explicit())
                continue;
            refuse(Origin{}, std::string(each.setting->name),
                   "is required where process.roles or a controller.quorum.* setting is given");
            is_node_readable_ = false;
        }
    }

    /// Several units for one duration, of which the finest counts: Kafka holds what results to a
    /// range of its own.
    void check_durations() {
        const auto check = [&](std::string_view key, std::int64_t least, std::string_view allowed) {
            const Settings::Entry& each = entry(key);
            const auto* value = std::get_if<std::int64_t>(&each.value);
            if (value != nullptr && *value < least)
                refuse(each.origin, std::string(key),
                       fmt::format("'{}' is out of range; allowed: {}", *value, allowed));
        };
        check("log.roll.ms", 1, "[1,...]");
        check("log.roll.jitter.ms", 0, "[0,...]");
        const std::int64_t retention = Settings(entries_, {}, {}).log_retention_ms();
        if (retention != 0) return;
        for (const std::string_view key :
             {"log.retention.ms", "log.retention.minutes", "log.retention.hours"})
            if (const Settings::Entry& each = entry(key); each.origin.is_explicit())
                return refuse(each.origin, std::string(key),
                              "would keep nothing at all; allowed: from 1, or -1 for ever");
    }

    void check_connections(const Settings& draft) {
        const auto idle = draft.get(Key<std::int64_t>{"connections.max.idle.ms"});
        const auto delay =
            draft.get(Key<std::int32_t>{"connection.failed.authentication.delay.ms"});
        if (idle >= 0 && delay >= idle)
            refuse(entry("connections.max.idle.ms").origin, "connections.max.idle.ms",
                   fmt::format("'{}' is out of range; allowed: more than the {} of "
                               "connection.failed.authentication.delay.ms, or -1",
                               idle, delay));
        const auto whole = draft.get(Key<std::int64_t>{"moldau.memory.budget.bytes"});
        const auto budget = whole - whole / 8;  // the other part is not for requests
        const auto largest = draft.get(Key<std::int32_t>{"socket.request.max.bytes"});
        if (largest > budget)
            warn(entry("moldau.memory.budget.bytes").origin, "moldau.memory.budget.bytes",
                 fmt::format("is {}, so that a request of socket.request.max.bytes ({}) can never "
                             "be taken",
                             whole, largest));
    }

    static constexpr std::string_view kListenerPrefix = "listener.name.";

    std::map<std::string, Assignment> chosen_;
    std::vector<Settings::Entry> entries_;  // one for each row, in its order
    std::vector<Settings::Other> others_;
    std::vector<Problem> errors_;
    std::vector<Problem> warnings_;
    bool is_node_readable_ = true;
    int unknown_ = 0;
};

}  // namespace

namespace {
/// Keys come from outside, too: an odd one is escaped.
std::string shown_key(std::string_view key) {
    const std::string shown = in_quotes(key);
    return shown.size() == key.size() + 2 ? std::string(key) : shown;
}
}  // namespace

std::string Problem::to_string() const {
    std::string text = origin.is_explicit() ? origin.to_string() + ": " : std::string();
    if (!key.empty()) text += fmt::format("{}: ", shown_key(key));
    return text + message;
}

Loaded load(const std::optional<File>& file, std::span<const Overlay> overlays) {
    return Loader().load(file, overlays);
}

Result<Overlay> parse_set(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view key = trim(text.substr(0, std::min(equals, text.size())));
    if (equals == std::string_view::npos || key.empty())
        return Error{ErrorCode::invalid_config,
                     "--set takes key=value: no key and = in what was given"};
    return Overlay{.key = std::string(key),
                   .value = std::string(trim(text.substr(equals + 1))),
                   .source = "--set"};
}

FileKind kind_of(const File& file) {
    if (file.name.ends_with(".yaml") || file.name.ends_with(".yml")) return FileKind::yaml;
    if (file.name.ends_with(".properties")) return FileKind::properties;
    std::string_view rest = file.text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = trim(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty() || line.starts_with('#') || line.starts_with('!')) continue;
        if (line.starts_with("---") || line.starts_with('{')) return FileKind::yaml;
        // `a.b: x` and `a:` are YAML (and would mean the same as properties, but for nesting).
        const std::size_t separator = std::min(line.find_first_of("=: \t"), line.size());
        const std::string_view from = line.substr(separator);
        return from == ":" || from.starts_with(": ") ? FileKind::yaml : FileKind::properties;
    }
    return FileKind::properties;
}

}  // namespace moldau::config
