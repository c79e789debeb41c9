// Rules of a few configs, as the tables of settings would give them.
#pragma once

#include "cluster_fixture.hpp"

#include "moldau/controller/config_rules.hpp"

#include <charconv>

namespace moldau::controller {

class ConfigFixture : public ClusterFixture {
protected:
    void SetUp() override {
        feature(metadata::kMetadataVersion, 30);
        feature(metadata::kElrVersion, 1);
        join(1);
    }

    ConfigRules rules{
        .check = [](const metadata::ConfigResource&, std::string_view name,
                    std::string_view value) -> Result<> {
            if (name == "cleanup.policy") return {};
            if (name != "retention.ms" && name != "min.insync.replicas" && name != "num.io.threads")
                return Error{ErrorCode::invalid_config, std::string(name) + " is unknown"};
            std::int64_t number = 0;
            const char* const end = value.data() + value.size();
            const auto read = std::from_chars(value.data(), end, number);
            if (read.ec == std::errc() && read.ptr == end) return {};
            return Error{ErrorCode::invalid_config, std::string(value) + " is no number"};
        },
        .is_list = [](metadata::ResourceType,
                      std::string_view name) { return name == "cleanup.policy"; },
        .inherited = [](metadata::ResourceType, std::string_view name) -> std::string {
            return name == "cleanup.policy" ? "delete" : "";
        }};
};

}  // namespace moldau::controller
