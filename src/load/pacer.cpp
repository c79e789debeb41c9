#include "pacer.hpp"

namespace moldau::load {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

}  // namespace

// In whole numbers: after days the schedule is still exact, and due() agrees with time_of().
MonoTime Pacer::time_of(std::uint64_t record) const {
    const std::uint64_t place = record * share_.of + share_.index;
    const std::uint64_t after = place / rate_ * kSecond + place % rate_ * kSecond / rate_;
    return start_ + Duration(static_cast<std::int64_t>(after));
}

std::uint64_t Pacer::due(MonoTime now) const {
    if (now < start_) return 0;
    // place * kSecond / rate, rounded down, is at most `passed`: places below
    // (passed + 1) * rate / kSecond, rounded up.
    const std::uint64_t end = static_cast<std::uint64_t>((now - start_).count()) + 1;
    const std::uint64_t places =
        end / kSecond * rate_ + (end % kSecond * rate_ + kSecond - 1) / kSecond;
    if (places <= share_.index) return 0;
    return (places - share_.index - 1) / share_.of + 1;
}

}  // namespace moldau::load
