// Field numbers are those of opentelemetry/proto/metrics/v1/metrics.proto, common.proto and
// resource.proto, which are stable.
#include "moldau/telemetry/otlp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

namespace moldau::telemetry {
namespace {

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// One field of a message, as protobuf's wire has it.
struct Field {
    std::uint32_t number = 0;
    Wire wire = Wire::varint;
    std::uint64_t value = 0;  // of varint, fixed64 and fixed32
    BytesView bytes;
};

/// Gives the fields of one message one by one.
class Fields {
public:
    explicit Fields(BytesView message) : rest_(message) {}

    /// Nothing: the end, or what is no field; is_broken() tells.
    std::optional<Field> next() {
        if (rest_.empty() || broken_) return std::nullopt;
        const std::uint64_t tag = varint();
        Field field{.number = static_cast<std::uint32_t>(tag >> 3U),
                    .wire = static_cast<Wire>(tag & 7U),
                    .value = 0,
                    .bytes = {}};
        if (field.number == 0 || tag > UINT32_MAX) broken_ = true;
        switch (field.wire) {
            case Wire::varint:
                field.value = varint();
                break;
            case Wire::fixed64:
                field.value = fixed(sizeof(std::uint64_t));
                break;
            case Wire::fixed32:
                field.value = fixed(sizeof(std::uint32_t));
                break;
            case Wire::bytes:
                field.bytes = take(varint());
                break;
            default:  // groups, which nobody writes any more, and what was never given out
                broken_ = true;
        }
        if (broken_) return std::nullopt;
        return field;
    }
    bool is_broken() const { return broken_; }

private:
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<std::uint64_t>(rest_.front());
            rest_ = rest_.subspan(1);
            value |= (byte & 0x7FU) << shift;
            if (byte < 0x80) return value;
        }
        broken_ = true;
        return 0;
    }
    BytesView take(std::uint64_t size) {
        if (size > rest_.size()) {
            broken_ = true;
            return {};
        }
        const BytesView taken = rest_.first(static_cast<std::size_t>(size));
        rest_ = rest_.subspan(static_cast<std::size_t>(size));
        return taken;
    }
    std::uint64_t fixed(std::size_t size) {  // little-endian
        std::uint64_t value = 0;
        unsigned shift = 0;
        for (const std::byte each : take(size)) {
            value |= static_cast<std::uint64_t>(each) << shift;
            shift += 8;
        }
        return value;
    }

    BytesView rest_;
    bool broken_ = false;
};

double as_double(std::uint64_t bits) {
    return std::bit_cast<double>(bits);
}

/// A metric as far as it is read before its points are: protobuf's fields come in any order.
struct Metric {
    std::string_view name;
    std::optional<BytesView> gauge;
    std::optional<BytesView> sum;
    bool is_other = false;
};

/// The messages have a fixed depth: each function reads one kind and calls that of the next. They
/// give false at the first byte that fits nothing.
class MetricsReader {
public:
    explicit MetricsReader(Decoded& to) : to_(to) {}

    bool metrics_data(BytesView message) {
        Fields fields(message);
        while (const auto field = fields.next()) {
            if (is_message(*field, 1) && !resource_metrics(field->bytes)) return false;
        }
        return !fields.is_broken();
    }

private:
    static bool is_message(const Field& field, std::uint32_t number) {
        return field.number == number && field.wire == Wire::bytes;
    }

    bool resource_metrics(BytesView message) {
        // The resource's attributes belong to all that follows, wherever it stands.
        resource_.clear();
        Fields look(message);
        while (const auto field = look.next()) {
            if (is_message(*field, 1) && !resource(field->bytes)) return false;
        }
        Fields fields(message);
        while (const auto field = fields.next()) {
            if (is_message(*field, 2) && !scope_metrics(field->bytes)) return false;
        }
        return !fields.is_broken();
    }

    bool resource(BytesView message) {
        Fields fields(message);
        while (const auto field = fields.next()) {
            if (is_message(*field, 1) && !attribute(field->bytes, resource_)) return false;
        }
        return !fields.is_broken();
    }

    bool scope_metrics(BytesView message) {
        Fields fields(message);
        while (const auto field = fields.next()) {
            if (is_message(*field, 2) && !metric(field->bytes)) return false;
        }
        return !fields.is_broken();
    }

    bool metric(BytesView message) {
        constexpr std::uint32_t kName = 1;
        constexpr std::uint32_t kGauge = 5;
        constexpr std::uint32_t kSum = 7;
        constexpr std::uint32_t kHistogram = 9;
        constexpr std::uint32_t kSummary = 11;
        Metric metric;
        Fields fields(message);
        while (const auto field = fields.next()) {
            if (is_message(*field, kName)) metric.name = as_text(field->bytes);
            if (is_message(*field, kGauge)) metric.gauge = field->bytes;
            if (is_message(*field, kSum)) metric.sum = field->bytes;
            if (field->number >= kHistogram && field->number <= kSummary) metric.is_other = true;
        }
        if (fields.is_broken()) return false;
        if (metric.is_other || metric.name.empty() || metric.name.size() > kNameBytesMax) {
            ++to_.left_out;
            return true;
        }
        Point like{.metric = std::string(metric.name),
                   .is_counter = false,
                   .is_delta = false,
                   .value = 0,
                   .attributes = {}};
        if (metric.gauge && !points(*metric.gauge, like)) return false;
        return !metric.sum || sum(*metric.sum, like);
    }

    bool sum(BytesView message, Point like) {
        constexpr std::uint32_t kTemporality = 2;
        constexpr std::uint32_t kIsMonotonic = 3;
        constexpr std::uint64_t kDelta = 1;
        Fields fields(message);
        while (const auto field = fields.next()) {
            if (field->wire != Wire::varint) continue;
            if (field->number == kTemporality) like.is_delta = field->value == kDelta;
            if (field->number == kIsMonotonic) like.is_counter = field->value != 0;
        }
        return !fields.is_broken() && points(message, like);
    }

    /// Of a gauge or a sum: both have them in field 1.
    bool points(BytesView message, const Point& like) {
        Fields fields(message);
        while (const auto field = fields.next()) {
            if (is_message(*field, 1) && !number_point(field->bytes, like)) return false;
        }
        return !fields.is_broken();
    }

    bool number_point(BytesView message, const Point& like) {
        constexpr std::uint32_t kDouble = 4;
        constexpr std::uint32_t kInteger = 6;
        constexpr std::uint32_t kAttribute = 7;
        Attributes attributes = resource_;
        std::optional<double> value;
        Fields fields(message);
        while (const auto field = fields.next()) {
            if (field->wire == Wire::fixed64 && field->number == kDouble)
                value = as_double(field->value);
            if (field->wire == Wire::fixed64 && field->number == kInteger)
                value = static_cast<double>(static_cast<std::int64_t>(field->value));
            if (is_message(*field, kAttribute) && !attribute(field->bytes, attributes))
                return false;
        }
        if (fields.is_broken()) return false;
        // A gauge that has measured nothing yet says NaN.
        if (!value || !std::isfinite(*value) || to_.points.size() == kPointsMax ||
            attributes.size() > kAttributesMax) {
            ++to_.left_out;
            return true;
        }
        Point& point = to_.points.emplace_back(like);
        point.value = *value;
        point.attributes = std::move(attributes);
        return true;
    }

    /// A KeyValue, put behind `to`: one more than there may be says that there were too many.
    static bool attribute(BytesView message, Attributes& to) {
        std::string_view key;
        std::string text;
        Fields fields(message);
        while (const auto field = fields.next()) {
            if (is_message(*field, 1)) key = as_text(field->bytes);
            if (is_message(*field, 2) && !any_value(field->bytes, text)) return false;
        }
        if (fields.is_broken()) return false;
        if (!key.empty() && key.size() <= kAttributeBytesMax && to.size() <= kAttributesMax)
            to.emplace_back(key, std::move(text));
        return true;
    }

    /// Texts and numbers; lists and bytes stay empty.
    static bool any_value(BytesView message, std::string& text) {
        Fields fields(message);
        while (const auto field = fields.next()) {
            if (is_message(*field, 1))
                text = as_text(field->bytes.first(
                    std::min<std::size_t>(field->bytes.size(), kAttributeBytesMax)));
            if (field->wire == Wire::varint && field->number == 2)
                text = field->value != 0 ? "true" : "false";
            if (field->wire == Wire::varint && field->number == 3)
                text = std::to_string(static_cast<std::int64_t>(field->value));
            if (field->wire == Wire::fixed64 && field->number == 4)
                text = fmt::format("{}", as_double(field->value));
        }
        return !fields.is_broken();
    }

    Decoded& to_;
    Attributes resource_;
};

}  // namespace

Result<Decoded> decode_metrics(BytesView bytes) {
    Decoded decoded;
    if (MetricsReader(decoded).metrics_data(bytes)) return decoded;
    return Error{ErrorCode::invalid_record,
                 fmt::format("{} bytes are no metrics of OpenTelemetry", bytes.size())};
}

}  // namespace moldau::telemetry
