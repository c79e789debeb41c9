// What has settings, and asking for them and changing them.
#pragma once

#include "command.hpp"

#include "moldau/protocol/messages/describe_configs.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::cli {

/// A topic, a broker, … as the user names it.
struct ConfigTarget {
    std::string kind;  // a word of config_kinds()
    std::string name;  // broker: its number, or "default": of all brokers
};
/// topic, broker, group, client-metrics, broker-logger
const std::vector<std::string>& config_kinds();
/// Adds the two positional arguments.
void add_target(Command command, ConfigTarget& to);
/// Errors: invalid_request: a broker that is no number.
Result<> check(const ConfigTarget& target);
std::string to_text(const ConfigTarget& target);

struct Config {
    std::string name;
    std::optional<std::string> value;  // nothing: null, or hidden
    std::string source;                // "topic", "broker", "default", …
    bool is_set_here = false;          // on the target itself
    bool is_read_only = false;
    bool is_sensitive = false;
    std::string type;           // "int", "list", …; empty from old brokers
    std::string documentation;  // only where it was asked for
};
struct ConfigQuestion {
    std::vector<std::string> keys;  // none: all
    bool with_documentation = false;
};
/// By name. Errors: of the target.
runtime::Task<Result<std::vector<Config>>> describe_config(Context context, ConfigTarget target,
                                                           ConfigQuestion question);

struct ConfigChange {
    std::string key;
    std::optional<std::string> value;  // nothing: it is taken away
};
/// All of them, or none. Errors: of the target.
runtime::Task<Result<>> change_config(Context context, ConfigTarget target,
                                      std::vector<ConfigChange> changes, bool dry_run);

/// Each is `key=value`. Errors: invalid_config, begun with `option`
Result<std::vector<ConfigChange>> parse_changes(const std::vector<std::string>& texts,
                                                std::string_view option = "");

}  // namespace moldau::cli
