// Where reading begins, as the user says it.
#pragma once

#include "moldau/base/result.hpp"

#include <cstdint>
#include <string_view>

namespace moldau::cli {

struct StartAt {
    enum class Kind : std::uint8_t { beginning, end, offset, last, time };
    Kind kind = Kind::beginning;
    std::int64_t number = 0;  // offset · how many before the end · milliseconds since 1970
};

/// `beginning`, `end`, `42` (offset), `-10` (the last ten of each partition), `@1700000000000`
/// (milliseconds since 1970), `2026-11-22`, `2026-11-22T18:30`, `2026-11-22T18:30:05.250Z` (UTC).
/// Errors: invalid_request, with what is allowed
Result<StartAt> parse_start(std::string_view text);

}  // namespace moldau::cli
