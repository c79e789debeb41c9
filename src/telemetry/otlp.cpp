// Field numbers are those of opentelemetry/proto/metrics/v1/metrics.proto, common.proto and
// resource.proto, which are stable.
#include "moldau/telemetry/otlp.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

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

/// What may still be read of one push: a few bytes, packed, can hold millions of fields.
class Walk {
public:
    /// One field more is read.
    bool may_go_on() {
        if (left_ == 0) is_spent_ = true;
        if (left_ > 0) --left_;
        return !is_spent_;
    }
    bool is_spent() const { return is_spent_; }

private:
    std::size_t left_ = kFieldsMax;
    bool is_spent_ = false;
};

/// Gives the fields of one message one by one.
class Fields {
public:
    Fields(BytesView message, Walk& walk) : rest_(message), walk_(walk) {}

    /// Nothing: the end, or what is no field, or is not read any more; is_broken() tells.
    std::optional<Field> next() {
        if (rest_.empty() || broken_) return std::nullopt;
        if (!walk_.may_go_on()) {
            broken_ = true;
            return std::nullopt;
        }
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
    Walk& walk_;
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

/// What the points of one metric have in common.
struct Kind {
    std::string_view metric;
    bool is_counter = false;
    bool is_delta = false;
};

/// Where an attribute stands in the push. It becomes a text of its own with a point that is kept.
struct AttributeView {
    std::string_view key;
    std::variant<std::string_view, bool, std::int64_t, double> value;
};
using AttributeViews = std::vector<AttributeView>;

std::string text_of(const AttributeView& attribute) {
    struct Writer {
        std::string operator()(std::string_view text) const { return std::string(text); }
        std::string operator()(bool value) const { return value ? "true" : "false"; }
        std::string operator()(std::int64_t value) const { return std::to_string(value); }
        std::string operator()(double value) const { return fmt::format("{}", value); }
    };
    return std::visit(Writer(), attribute.value);
}

/// Not less than its key and its text have.
std::size_t bytes_of(const AttributeView& attribute) {
    constexpr std::size_t kNumberBytes = 24;
    const auto* const text = std::get_if<std::string_view>(&attribute.value);
    return attribute.key.size() + (text == nullptr ? kNumberBytes : text->size());
}

/// The messages have a fixed depth: each function reads one kind and calls that of the next. They
/// give false at the first byte that fits nothing, and where the walk ends. Nothing is copied
/// before a point is kept.
class MetricsReader {
public:
    explicit MetricsReader(Decoded& to) : to_(to) {}

    /// It gave false because there was too much, not because anything was wrong.
    bool is_spent() const { return walk_.is_spent(); }

    bool metrics_data(BytesView message) {
        Fields fields(message, walk_);
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
        Fields look(message, walk_);
        while (const auto field = look.next()) {
            if (is_message(*field, 1) && !resource(field->bytes)) return false;
        }
        Fields fields(message, walk_);
        while (const auto field = fields.next()) {
            if (is_message(*field, 2) && !scope_metrics(field->bytes)) return false;
        }
        return !fields.is_broken();
    }

    bool resource(BytesView message) {
        Fields fields(message, walk_);
        while (const auto field = fields.next()) {
            if (is_message(*field, 1) && !attribute(field->bytes, resource_)) return false;
        }
        return !fields.is_broken();
    }

    bool scope_metrics(BytesView message) {
        Fields fields(message, walk_);
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
        Fields fields(message, walk_);
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
        const Kind kind{.metric = metric.name, .is_counter = false, .is_delta = false};
        if (metric.gauge && !points(*metric.gauge, kind)) return false;
        return !metric.sum || sum(*metric.sum, kind);
    }

    bool sum(BytesView message, Kind kind) {
        constexpr std::uint32_t kTemporality = 2;
        constexpr std::uint32_t kIsMonotonic = 3;
        constexpr std::uint64_t kDelta = 1;
        Fields fields(message, walk_);
        while (const auto field = fields.next()) {
            if (field->wire != Wire::varint) continue;
            if (field->number == kTemporality) kind.is_delta = field->value == kDelta;
            if (field->number == kIsMonotonic) kind.is_counter = field->value != 0;
        }
        return !fields.is_broken() && points(message, kind);
    }

    /// Of a gauge or a sum: both have them in field 1.
    bool points(BytesView message, const Kind& kind) {
        Fields fields(message, walk_);
        while (const auto field = fields.next()) {
            if (is_message(*field, 1) && !number_point(field->bytes, kind)) return false;
        }
        return !fields.is_broken();
    }

    bool number_point(BytesView message, const Kind& kind) {
        constexpr std::uint32_t kDouble = 4;
        constexpr std::uint32_t kInteger = 6;
        constexpr std::uint32_t kAttribute = 7;
        own_.clear();
        std::optional<double> value;
        Fields fields(message, walk_);
        while (const auto field = fields.next()) {
            if (field->wire == Wire::fixed64 && field->number == kDouble)
                value = as_double(field->value);
            if (field->wire == Wire::fixed64 && field->number == kInteger)
                value = static_cast<double>(static_cast<std::int64_t>(field->value));
            if (is_message(*field, kAttribute) && !attribute(field->bytes, own_)) return false;
        }
        if (fields.is_broken()) return false;
        // A gauge that has measured nothing yet says NaN.
        if (value && std::isfinite(*value) && has_room(kind)) {
            keep(kind, *value);
        } else {
            ++to_.left_out;
        }
        return true;
    }

    /// For one more point, with the attributes that were read last.
    bool has_room(const Kind& kind) const {
        const std::size_t attributes = resource_.size() + own_.size();
        if (to_.points.size() == kPointsMax || attributes > kAttributesMax) return false;
        return text_bytes_ + text_bytes(kind) <= kTextBytesMax;
    }
    std::size_t text_bytes(const Kind& kind) const {
        std::size_t bytes = kind.metric.size();
        for (const AttributeViews* each : {&resource_, &own_}) {
            for (const AttributeView& attribute : *each) bytes += bytes_of(attribute);
        }
        return bytes;
    }
    void keep(const Kind& kind, double value) {
        text_bytes_ += text_bytes(kind);
        Point& point = to_.points.emplace_back(Point{.metric = std::string(kind.metric),
                                                     .is_counter = kind.is_counter,
                                                     .is_delta = kind.is_delta,
                                                     .value = value,
                                                     .attributes = {}});
        point.attributes.reserve(resource_.size() + own_.size());
        for (const AttributeViews* each : {&resource_, &own_}) {
            for (const AttributeView& attribute : *each)
                point.attributes.emplace_back(attribute.key, text_of(attribute));
        }
    }

    /// A KeyValue, put behind `to`: one more than there may be says that there were too many.
    bool attribute(BytesView message, AttributeViews& to) {
        AttributeView read;
        Fields fields(message, walk_);
        while (const auto field = fields.next()) {
            if (is_message(*field, 1)) read.key = as_text(field->bytes);
            if (is_message(*field, 2) && !any_value(field->bytes, read)) return false;
        }
        if (fields.is_broken()) return false;
        if (!read.key.empty() && read.key.size() <= kAttributeBytesMax &&
            to.size() <= kAttributesMax)
            to.push_back(read);
        return true;
    }

    /// Texts and numbers; lists and bytes stay empty.
    bool any_value(BytesView message, AttributeView& of) {
        Fields fields(message, walk_);
        while (const auto field = fields.next()) {
            if (is_message(*field, 1))
                of.value = as_text(field->bytes).substr(0, kAttributeBytesMax);
            if (field->wire == Wire::varint && field->number == 2) of.value = field->value != 0;
            if (field->wire == Wire::varint && field->number == 3)
                of.value = static_cast<std::int64_t>(field->value);
            if (field->wire == Wire::fixed64 && field->number == 4)
                of.value = as_double(field->value);
        }
        return !fields.is_broken();
    }

    Decoded& to_;
    Walk walk_;
    std::size_t text_bytes_ = 0;  // of the points that are kept
    AttributeViews resource_;
    AttributeViews own_;  // of the point that is read
};

}  // namespace

Result<Decoded> decode_metrics(BytesView bytes) {
    Decoded decoded;
    MetricsReader reader(decoded);
    if (reader.metrics_data(bytes)) return decoded;
    if (reader.is_spent()) {
        ++decoded.left_out;
        return decoded;
    }
    return Error{ErrorCode::invalid_record,
                 fmt::format("{} bytes are no metrics of OpenTelemetry", bytes.size())};
}

}  // namespace moldau::telemetry
