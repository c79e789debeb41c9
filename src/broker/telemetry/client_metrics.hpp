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
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace moldau::broker {

class ClientMetrics {
public:
    struct Limits {
        std::size_t bytes = 16U << 20U;  // of all series and their names, about
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
    /// Of memory, about.
    std::size_t bytes() const { return bytes_; }

    void sample(MonoTime now, metrics::Samples& to) const;

private:
    /// A family goes with the last of its series; a page that is being written may keep it.
    struct Named {
        Named(std::string is_called, metrics::Kind kind);
        Named(const Named&) = delete;
        Named& operator=(const Named&) = delete;
        /// Its name as OpenMetrics has it: a counter's is without `_total`.
        std::string_view base() const { return base_of(name); }
        const std::string name;
        const metrics::Family family;
        std::size_t series = 0;  // of all clients
    };
    struct Key {
        std::string_view name;  // of its family
        telemetry::Attributes labels;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    struct Series {
        std::shared_ptr<Named> family;
        double value = 0;
    };
    struct Of {
        std::string client_id;
        MonoTime silent_at;
        std::size_t bytes = 0;           // of itself and its series
        std::size_t bytes_of_names = 0;  // that came with it
        std::map<Key, Series> series;
    };
    using Clients = std::map<Uuid, Of>;

    bool take(Of& client, const telemetry::Point& point);
    bool clashes(std::string_view base, metrics::Kind kind) const;
    static std::string_view base_of(std::string_view name);
    void forget(Clients::iterator client);
    void forget_silent(MonoTime now);
    static std::size_t bytes_of(std::string_view name);
    static std::size_t bytes_of(const Key& key);

    Limits limits_;
    std::map<std::string_view, std::shared_ptr<Named>> families_;  // by base()
    Clients clients_;
    std::set<std::pair<MonoTime, Uuid>> silent_at_;  // of all clients: who is to be forgotten next
    std::size_t bytes_ = 0;                          // of clients and families
    std::uint64_t pushes_ = 0;
    std::uint64_t left_out_ = 0;
};

/// `org.apache.kafka.producer.record.send.rate` →
/// `client_org_apache_kafka_producer_record_send_rate`; a counter's ends in `_total`, a gauge's
/// does not.
std::string family_name(std::string_view metric, bool is_counter);

}  // namespace moldau::broker
