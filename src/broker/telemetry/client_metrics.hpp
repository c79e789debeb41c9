// The numbers that clients have pushed, as /metrics shows them: bounded, and forgotten when a
// client ends or falls silent.
#pragma once

#include "moldau/base/time.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/metrics/samples.hpp"
#include "moldau/telemetry/otlp.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace moldau::broker {

class ClientMetrics {
public:
    struct Limits {
        std::size_t families = 1000;  // names are kept as long as the process: pages point to them
        std::size_t bytes = 16U << 20U;  // of all series, about
        std::size_t bytes_of_client = 1U << 20U;
    };
    ClientMetrics() : ClientMetrics(Limits{}) {}
    explicit ClientMetrics(Limits limits) : limits_(limits) {}

    struct Source {
        Uuid instance;
        std::string client_id;
        MonoTime silent_at;  // unless it pushes again until then
    };
    void take(MonoTime now, const Source& source, const telemetry::Decoded& pushed);
    void forget(const Uuid& instance);

    void sample(MonoTime now, metrics::Samples& to) const;

private:
    struct Series {
        const metrics::Family* family = nullptr;
        telemetry::Attributes labels;
        double value = 0;
        std::size_t bytes = 0;
    };
    struct Of {
        std::string client_id;
        MonoTime silent_at;
        std::size_t bytes = 0;
        std::map<std::string, Series> series;  // by name and labels
    };
    const metrics::Family* family_of(const telemetry::Point& point);
    bool take(Of& client, const telemetry::Point& point);
    void forget_silent(MonoTime now);

    Limits limits_;
    std::map<std::string, metrics::Family> families_;
    std::map<Uuid, Of> clients_;
    std::size_t bytes_ = 0;
    std::uint64_t pushes_ = 0;
    std::uint64_t left_out_ = 0;
};

/// `org.apache.kafka.producer.record.send.rate` →
/// `client_org_apache_kafka_producer_record_send_rate`; a counter's ends in `_total`, a gauge's
/// does not.
std::string family_name(std::string_view metric, bool is_counter);

}  // namespace moldau::broker
