// An image whose configs a test sets one by one, and settings from the text of a file.
#pragma once

#include "moldau/config/load.hpp"
#include "moldau/metadata/cluster_image.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace moldau::broker {

inline config::Settings settings_of(const std::string& properties) {
    const config::Loaded loaded =
        config::load(config::File{.name = "server.properties", .text = properties}, {});
    if (!loaded.settings) throw std::runtime_error(loaded.errors.at(0).to_string());
    return *loaded.settings;
}

inline void set_config(metadata::ClusterImage& image, metadata::ResourceType type,
                       std::string resource, std::string name, std::string value) {
    const metadata::ConfigResource key{.type = type, .name = std::move(resource)};
    metadata::Configs configs = image.configs_of(key);
    configs.set(std::move(name), std::move(value));
    image.configs.set(key, std::move(configs));
}

struct ConfigFixture {
    config::Settings settings = settings_of("");  // of an implicit node, whose id is 1
    metadata::ClusterImage image;

    void topic(std::string name, std::string value) {
        set_config(image, metadata::ResourceType::topic, "t", std::move(name), std::move(value));
    }
    void this_broker(std::string name, std::string value) {
        set_config(image, metadata::ResourceType::broker, "1", std::move(name), std::move(value));
    }
    void all_brokers(std::string name, std::string value) {
        set_config(image, metadata::ResourceType::broker, "", std::move(name), std::move(value));
    }
};

}  // namespace moldau::broker
