#pragma once

#include "request_context.hpp"

#include "moldau/base/result.hpp"
#include "moldau/protocol/messages/describe_log_dirs.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace moldau::broker {

Result<net::Answer> handle_describe_log_dirs(const RequestContext& context, protocol::Reader& body);

/// One open log of this node.
struct LogSize {
    std::string directory;  // the log directory that it lies in
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t bytes = 0;
    std::int64_t offset_lag = 0;  // behind the high watermark, or, a copy, behind the replica
    bool is_copy = false;         // of a replica that is on its way here
};

/// The directories with what of `logs` lies in each, by topic and partition. `image` and `self` say
/// which of them are cordoned. Errors in the response: kafka_storage_error: of a directory whose
/// disk does not answer.
protocol::DescribeLogDirsResponse describe_log_dirs(const LogDirectories& directories, Disk& disk,
                                                    const metadata::ClusterImage& image,
                                                    BrokerId self, std::vector<LogSize> logs);

}  // namespace moldau::broker
