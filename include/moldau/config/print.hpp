// Settings for people: --print-config, --check-config, docs/settings.md.
#pragma once

#include "moldau/config/load.hpp"
#include "moldau/config/settings.hpp"

#include <string>

namespace moldau::config {

/// All values as a YAML file that can be loaded: what was set as `key: value  # origin`, defaults
/// as comments. Passwords and what is not known here are named but hidden.
std::string print_config(const Settings& settings);

struct Report {
    bool is_good = false;
    std::string text;  // one line for each problem, errors first; ends with a newline
};
/// Errors, warnings, what is set without effect yet, and a verdict.
Report check_config(const Loaded& loaded);

/// The broker's and the topics' tables as a Markdown page: docs/settings.md.
std::string settings_page();

}  // namespace moldau::config
