// Which version this is, and of which commit.
#pragma once

#include <string_view>

namespace moldau {

std::string_view version();  // "0.1.0"
std::string_view commit();   // "1a2b3c4d5e6f", with "-dirty" behind it when built from changed
                             // files; "unknown" outside a checkout

}  // namespace moldau
