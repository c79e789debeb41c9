// What a service manager (systemd) is told, by its socket protocol itself: a datagram of KEY=VALUE
// lines to the address in NOTIFY_SOCKET. sd_notify(3) describes it.
#pragma once

#include "moldau/base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace moldau::io {

class ServiceManager {
public:
    /// By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. Without the first nobody listens. To be
    /// called while there is one thread.
    static ServiceManager from_environment();
    ServiceManager() = default;
    ServiceManager(ServiceManager&& other) noexcept;
    ServiceManager& operator=(ServiceManager&& other) noexcept;
    ~ServiceManager();

    bool listens() const { return socket_ >= 0; }
    /// How long this process may be silent before it is taken for dead: who wants to live says
    /// WATCHDOG=1 more often. Nothing: it is not watched.
    std::optional<Duration> watchdog() const { return watchdog_; }

    /// `READY=1`, `STOPPING=1`, `WATCHDOG=1`, `STATUS=…`; several with ends of lines between them.
    /// Never waits; false when it could not be told. From any thread.
    bool tell(std::string_view lines) const;

private:
    int socket_ = -1;
    std::string address_;  // as in sockaddr_un: of an abstract one the first byte is 0
    std::optional<Duration> watchdog_;
};

}  // namespace moldau::io
