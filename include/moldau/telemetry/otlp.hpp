// Reads what clients push: OpenTelemetry's MetricsData, in protobuf. Numbers of gauges and sums are
// kept; the rest is passed over.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace moldau::telemetry {

inline constexpr std::size_t kPointsMax = 2000;  // of one push
/// Of all names and attributes of one push, as its points have them: each has its resource's.
inline constexpr std::size_t kTextBytesMax = std::size_t{1} << 20U;
/// Fields of protobuf, at all depths, that are read of one push: about four times what the most
/// points with the most attributes take. What stands behind is left out.
inline constexpr std::size_t kFieldsMax = std::size_t{512} << 10U;
inline constexpr std::size_t kNameBytesMax = 256;
inline constexpr std::size_t kAttributesMax = 16;  // of a point and its resource together
inline constexpr std::size_t kAttributeBytesMax = 256;

using Attributes = std::vector<std::pair<std::string, std::string>>;

struct Point {
    std::string metric;
    bool is_counter = false;  // a sum that only grows
    bool is_delta = false;    // the value is what came since the last push
    double value = 0;
    Attributes attributes;  // of the resource, then its own
};

struct Decoded {
    std::vector<Point> points;
    /// Points and metrics that are of other kinds, too many or too long; all that is not read any
    /// more counts as one.
    std::size_t left_out = 0;
};

/// Takes memory for what it gives and for nothing that is only declared, and time for kFieldsMax
/// fields at most.
/// Errors: invalid_record: these are not the bytes of such a message.
Result<Decoded> decode_metrics(BytesView bytes);

}  // namespace moldau::telemetry
