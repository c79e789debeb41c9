#include "key_space.hpp"

#include "moldau/base/check.hpp"
#include "moldau/base/hashes.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace moldau::load {
namespace {

/// The place that a share of the whole weight falls on: as likely as it is heavy. One without any
/// weight is never found.
std::size_t draw_from(const std::vector<double>& ends, Draws& draws) {
    const auto found = std::ranges::upper_bound(ends, draws.share() * ends.back());
    return std::min(static_cast<std::size_t>(found - ends.begin()), ends.size() - 1);
}

}  // namespace

KeySpace::KeySpace(KeyPlan plan, std::int32_t partitions)
    : plan_(plan), parts_(static_cast<std::size_t>(partitions)) {
    MOLDAU_CHECK(plan.kind != KeyKind::none && plan.count > 0 && partitions > 0,
                 "keys={} partitions={}", plan.count, partitions);
    std::string text(plan.bytes, '0');
    for (std::uint32_t key = 0; key < plan.count; ++key) {
        write(key, text);
        Part& part = parts_[static_cast<std::size_t>(partition_of_key(as_bytes(text), partitions))];
        const double weight =
            plan.kind == KeyKind::zipf ? std::pow(static_cast<double>(key) + 1, -plan.exponent) : 1;
        part.ends.push_back((part.ends.empty() ? 0 : part.ends.back()) + weight);
        part.keys.push_back(key);
    }
    double sum = 0;
    for (const Part& part : parts_) {
        if (!part.ends.empty()) sum += part.ends.back();
        ends_.push_back(sum);
    }
}

std::int32_t KeySpace::draw_partition(Draws& draws) const {
    return static_cast<std::int32_t>(draw_from(ends_, draws));
}

std::uint32_t KeySpace::draw_key(std::int32_t partition, Draws& draws) const {
    const Part& part = parts_[static_cast<std::size_t>(partition)];
    MOLDAU_CHECK(!part.keys.empty(), "partition={} has no key", partition);
    return part.keys[draw_from(part.ends, draws)];
}

void KeySpace::write(std::uint32_t key, std::span<char> to) const {
    for (std::size_t i = to.size(); i > 0; --i) {
        to[i - 1] = static_cast<char>('0' + key % 10);
        key /= 10;
    }
}

}  // namespace moldau::load
