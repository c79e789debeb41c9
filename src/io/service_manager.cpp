#include "moldau/io/service_manager.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace moldau::io {
namespace {

std::optional<std::uint64_t> number_in(const char* variable) {
    const char* const text = std::getenv(variable);
    if (text == nullptr) return std::nullopt;
    std::uint64_t number = 0;
    const char* const end = text + std::strlen(text);
    const auto [at, error] = std::from_chars(text, end, number);
    if (error != std::errc{} || at != end) return std::nullopt;
    return number;
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
    ServiceManager manager;
    const char* const address = std::getenv("NOTIFY_SOCKET");
    if (address == nullptr || std::strlen(address) < 2) return manager;
    if (address[0] != '/' && address[0] != '@') return manager;
    if (std::strlen(address) >= sizeof(sockaddr_un{}.sun_path)) return manager;
    manager.address_ = address;
    if (manager.address_[0] == '@') manager.address_[0] = '\0';
    manager.socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const auto watched = number_in("WATCHDOG_PID");
    const auto silence_us = number_in("WATCHDOG_USEC");
    const bool is_us = !watched || *watched == static_cast<std::uint64_t>(::getpid());
    constexpr std::uint64_t kDay = 86'400'000'000;
    if (silence_us && *silence_us > 0 && is_us)
        manager.watchdog_ = std::chrono::microseconds(std::min(*silence_us, kDay));
    return manager;
}

ServiceManager::ServiceManager(ServiceManager&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      address_(std::move(other.address_)),
      watchdog_(other.watchdog_) {}

ServiceManager& ServiceManager::operator=(ServiceManager&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(address_, other.address_);
    std::swap(watchdog_, other.watchdog_);
    return *this;
}

ServiceManager::~ServiceManager() {
    if (socket_ >= 0) ::close(socket_);
}

bool ServiceManager::tell(std::string_view lines) const {
    if (socket_ < 0) return false;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    return ::sendto(socket_, lines.data(), lines.size(), MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&to),
                    length) == static_cast<ssize_t>(lines.size());
}

}  // namespace moldau::io
