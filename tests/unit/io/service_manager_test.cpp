#include "moldau/io/service_manager.hpp"

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace moldau::io {
namespace {

/// The other side: a datagram socket at a path, or at an abstract address where it starts with '@'.
class Manager {
public:
    explicit Manager(const std::string& address) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::memcpy(at.sun_path, address.data(), address.size());
        if (address[0] == '@') at.sun_path[0] = '\0';
        EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at),
                         static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size())),
                  0);
        ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
    }
    ~Manager() {
        ::close(fd_);
        for (const char* each : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
            ::unsetenv(each);
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;
    std::string heard() const {
        std::string text(1000, '\0');
        const ssize_t got = ::recv(fd_, text.data(), text.size(), MSG_DONTWAIT);
        text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return text;
    }

private:
    int fd_;
};

TEST(ServiceManager, IsToldAtAPathAndAtAnAbstractAddress) {
    const support::TemporaryDirectory directory;
    for (const std::string& address :
         {directory.path() + "/notify", "@moldau-test-" + std::to_string(::getpid())}) {
        SCOPED_TRACE(address);
        const Manager other(address);
        const ServiceManager manager = ServiceManager::from_environment();
        EXPECT_TRUE(manager.listens());
        EXPECT_FALSE(manager.watchdog());
        EXPECT_TRUE(manager.tell("READY=1\nSTATUS=serving"));
        EXPECT_EQ(other.heard(), "READY=1\nSTATUS=serving");
    }
}

TEST(ServiceManager, AsksForSignsOfLifeOfThisProcessOnly) {
    const support::TemporaryDirectory directory;
    const Manager other(directory.path() + "/notify");
    ::setenv("WATCHDOG_USEC", "30000000", 1);
    EXPECT_EQ(ServiceManager::from_environment().watchdog(), std::chrono::seconds(30));
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_EQ(ServiceManager::from_environment().watchdog(), std::chrono::seconds(30));
    ::setenv("WATCHDOG_PID", "1", 1);
    EXPECT_FALSE(ServiceManager::from_environment().watchdog());
    ::unsetenv("WATCHDOG_PID");
    for (const char* bad : {"", "0", "-1", "many", "30000000x", "99999999999999999999999"}) {
        ::setenv("WATCHDOG_USEC", bad, 1);
        EXPECT_FALSE(ServiceManager::from_environment().watchdog()) << bad;
    }
}

TEST(ServiceManager, ThatIsNotThereIsNotToldAndHurtsNobody) {
    EXPECT_FALSE(ServiceManager::from_environment().listens());
    for (const std::string& bad :
         {std::string("no/path"), std::string("@"), std::string(""), "/" + std::string(200, 'x')}) {
        ::setenv("NOTIFY_SOCKET", bad.c_str(), 1);
        const ServiceManager manager = ServiceManager::from_environment();
        EXPECT_FALSE(manager.listens()) << bad;
        EXPECT_FALSE(manager.tell("READY=1"));
    }
    ::setenv("NOTIFY_SOCKET", "/nobody/listens/here", 1);
    EXPECT_FALSE(ServiceManager::from_environment().tell("READY=1"));
    ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace moldau::io
