// `meta.properties`: whose log directory this is: node, cluster, and the directory's own id
// (KIP-858). A Java properties file; version 0 is that of brokers before KRaft.
//
//   version=1
//   node.id=3
//   cluster.id=5L6g3nShT-eMCtK--X86sw
//   directory.id=AAAAAAAAAAUAAAAAAAAABg
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/base/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace moldau::log {

struct MetaProperties {
    std::int32_t version = 1;
    std::optional<std::int32_t> node_id;  // broker.id in version 0; version 1 has it always
    std::string cluster_id;               // may be empty in version 0; version 1 has it always
    std::optional<Uuid> directory_id;
    friend bool operator==(const MetaProperties&, const MetaProperties&) = default;
};

/// Keys that are not ours are ignored, as Kafka does.
/// Errors: kafka_storage_error, with the line or key: an unknown version, a missing key, a value
/// that is none.
Result<MetaProperties> parse_meta_properties(std::string_view file);

std::string write_meta_properties(const MetaProperties& properties);

}  // namespace moldau::log
