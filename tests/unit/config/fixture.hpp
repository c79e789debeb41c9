// What the tests of settings share.
#pragma once

#include "moldau/config/load.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace moldau::config {

inline std::string golden(const std::string& name) {
    const std::string path = std::string(MOLDAU_SOURCE_DIR) + "/" + name;
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

inline std::vector<std::string> split(const std::string& text, char at) {
    std::istringstream stream(text);
    std::vector<std::string> parts;
    for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
    return parts;
}

inline Loaded load_text(const std::string& name, const std::string& text,
                        const std::vector<Overlay>& overlays = {}) {
    return load(File{name, text}, overlays);
}

inline std::vector<std::string> texts(const std::vector<Problem>& problems) {
    std::vector<std::string> all;
    for (const Problem& problem : problems) all.push_back(problem.to_string());
    return all;
}

}  // namespace moldau::config
