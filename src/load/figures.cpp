#include "figures.hpp"

#include <algorithm>

namespace moldau::load {

void Figures::merge(const Figures& other) {
    done += other.done;
    value_bytes += other.value_bytes;
    batch_bytes += other.batch_bytes;
    batches += other.batches;
    failed += other.failed;
    unsent += other.unsent;
    for (const auto& [name, count] : other.errors) errors[name] += count;
    latency.merge(other.latency);
    send_delay.merge(other.send_delay);
    end = std::max(end, other.end);
}

}  // namespace moldau::load
