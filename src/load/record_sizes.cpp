#include "record_sizes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

namespace moldau::load {
namespace {

std::optional<std::size_t> size_in(std::string_view text) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc{} || end != text.data() + text.size() || size > RecordSizes::kMost)
        return std::nullopt;
    return size;
}

Error wrong(std::string_view text) {
    return {ErrorCode::invalid_request,
            fmt::format("'{}' is no size: 1024, 100-2000 (from the first to the second) or "
                        "100,1000,5000 (one of them), each at most {}",
                        text, RecordSizes::kMost)};
}

}  // namespace

Result<RecordSizes> RecordSizes::parse(std::string_view text) {
    if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
        const auto least = size_in(text.substr(0, dash));
        const auto most = size_in(text.substr(dash + 1));
        if (!least || !most || *least > *most) return wrong(text);
        return RecordSizes(*least, *most, {});
    }
    std::vector<std::size_t> listed;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        const auto size = size_in(text.substr(from, comma - from));
        if (!size) return wrong(text);
        listed.push_back(*size);
        from = comma + 1;
    }
    const auto [least, most] = std::ranges::minmax(listed);
    if (least == most) return RecordSizes(least);
    return RecordSizes(least, most, std::move(listed));
}

double RecordSizes::mean() const {
    if (listed_.empty()) return (static_cast<double>(least_) + static_cast<double>(most_)) / 2;
    return static_cast<double>(std::accumulate(listed_.begin(), listed_.end(), std::size_t{0})) /
           static_cast<double>(listed_.size());
}

std::size_t RecordSizes::draw(Draws& draws) const {
    if (is_fixed()) return least_;
    if (listed_.empty()) return least_ + draws.below(most_ - least_ + 1);
    return listed_[draws.below(listed_.size())];
}

std::string RecordSizes::to_string() const {
    if (is_fixed()) return std::to_string(least_);
    if (listed_.empty()) return fmt::format("{}-{}", least_, most_);
    return fmt::format("{}", fmt::join(listed_, ","));
}

}  // namespace moldau::load
