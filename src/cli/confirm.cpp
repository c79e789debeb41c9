#include "confirm.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <unistd.h>

namespace moldau::cli {

Result<> confirm(const Global& global, std::string_view what) {
    if (global.yes) return {};
    if (isatty(STDIN_FILENO) == 0)
        return Error{ErrorCode::invalid_request,
                     fmt::format("to {} cannot be undone, and there is nobody to ask (--yes does "
                                 "it without asking)",
                                 what)};
    fmt::print(stderr, "{}? [y/N] ", what);
    const int answer = std::getchar();
    if (answer == 'y' || answer == 'Y') return {};
    return Error{ErrorCode::invalid_request, "nothing was done"};
}

}  // namespace moldau::cli
