#include "nearest.hpp"

#include "text.hpp"

#include "moldau/config/setting.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace moldau::config {

std::size_t slips_between(std::string_view a, std::string_view b, std::size_t limit) {
    const std::size_t longer = std::max(a.size(), b.size());
    if (longer - std::min(a.size(), b.size()) > limit) return limit + 1;
    // Three rows of the usual table: the one before last is for swaps.
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> current(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({last[j] + 1, current[j - 1] + 1, change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                current[j] = std::min(current[j], before[j - 2] + 1);
        }
        if (*std::ranges::min_element(current) > limit) return limit + 1;
        std::swap(before, last);
        std::swap(last, current);
    }
    return last[b.size()];
}

std::string_view nearest_name(Table which, std::string_view unknown) {
    constexpr std::size_t kNameBytesMax = 200;  // no known name is nearly as long
    if (unknown.size() > kNameBytesMax) return {};
    // Capitals, `_` and `-` are how other programs write the same name.
    std::string plain = lower(unknown);
    std::ranges::replace(plain, '_', '.');
    std::ranges::replace(plain, '-', '.');

    std::size_t fewest = std::clamp<std::size_t>(plain.size() / 5, 1, 4) + 1;
    std::string_view nearest;
    for (const Setting& setting : table(which)) {
        if (setting.is_internal) continue;
        const std::size_t slips = slips_between(plain, setting.name, fewest - 1);
        if (slips < fewest) {
            fewest = slips;
            nearest = setting.name;
            if (slips == 0) break;
        }
    }
    return nearest;
}

}  // namespace moldau::config
