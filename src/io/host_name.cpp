#include "moldau/io/host_name.hpp"

#include <array>
#include <netdb.h>
#include <unistd.h>

namespace moldau::io {

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
    addrinfo hints{};
    hints.ai_flags = AI_CANONNAME;
    addrinfo* found = nullptr;
    std::string full = name.data();
    if (::getaddrinfo(name.data(), nullptr, &hints, &found) != 0) return full;
    if (found->ai_canonname != nullptr) full = found->ai_canonname;
    ::freeaddrinfo(found);
    return full;
}

}  // namespace moldau::io
