// What this machine is called.
#pragma once

#include <string>

namespace moldau::io {

/// Its full name, as its resolver knows it; else its short one. May ask DNS, and blocks meanwhile.
std::string host_name();

}  // namespace moldau::io
