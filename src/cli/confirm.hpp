// The question before what cannot be undone.
#pragma once

#include "command.hpp"

#include <string_view>

namespace moldau::cli {

/// Asks whoever sits there: "WHAT? [y/N]". --yes answers for them. `what` begins in lower case:
/// "delete …". Errors: invalid_request: nobody is there, or the answer was no.
Result<> confirm(const Global& global, std::string_view what);

}  // namespace moldau::cli
