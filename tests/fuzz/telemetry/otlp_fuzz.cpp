// Any bytes as the metrics that a client pushes: they are read or refused, within the bounds, and
// what is given stands in the bytes; the same for any text as an entry of `match`.
#include "moldau/base/check.hpp"
#include "moldau/telemetry/otlp.hpp"
#include "moldau/telemetry/subscriptions.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace moldau;
    if (size == 0) return 0;
    const BytesView bytes(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
    if (data[0] % 4 == 0) {
        const Result<telemetry::Match> match = telemetry::Match::parse(as_text(bytes));
        if (match) (void)match->matches({.id = std::string(telemetry::kMatchedBytesMax, 'a')});
        return 0;
    }
    const Result<telemetry::Decoded> decoded = telemetry::decode_metrics(bytes);
    if (!decoded) return 0;
    MOLDAU_CHECK(decoded->points.size() <= telemetry::kPointsMax);
    std::size_t text_bytes = 0;
    for (const telemetry::Point& point : decoded->points) {
        text_bytes += point.metric.size();
        MOLDAU_CHECK(!point.metric.empty() && point.metric.size() <= telemetry::kNameBytesMax);
        MOLDAU_CHECK(point.attributes.size() <= telemetry::kAttributesMax);
        MOLDAU_CHECK(as_text(bytes).find(point.metric) != std::string_view::npos);
        for (const auto& [key, value] : point.attributes) {
            MOLDAU_CHECK(key.size() <= telemetry::kAttributeBytesMax &&
                         value.size() <= telemetry::kAttributeBytesMax);
            text_bytes += key.size() + value.size();
        }
    }
    MOLDAU_CHECK(text_bytes <= telemetry::kTextBytesMax);
    return 0;
}
