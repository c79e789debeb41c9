#include "moldau/io/process_usage.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace moldau::io {
namespace {

TEST(ProcessUsage, CountsDescriptorsThreadsMemoryAndTime) {
    const ProcessUsage before = process_usage();
    EXPECT_GT(before.resident_bytes, 0U);
    EXPECT_GE(before.virtual_bytes, before.resident_bytes);
    EXPECT_GE(before.threads, 1U);
    EXPECT_LE(before.open_files, before.open_files_max);
    const int one = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int two = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    // One more; ThreadSanitizer starts another one beside the first.
    std::thread([&] { EXPECT_GT(process_usage().threads, before.threads); }).join();
    EXPECT_EQ(process_usage().open_files, before.open_files + 2);
    ::close(one);
    ::close(two);
    const Duration begun = thread_cpu_time();
    while (thread_cpu_time() - begun < std::chrono::milliseconds(2)) {
    }
    const ProcessUsage after = process_usage();
    EXPECT_GE(after.user_cpu + after.system_cpu, before.user_cpu + before.system_cpu);
    EXPECT_GT(after.user_cpu + after.system_cpu, Duration(0));
}

}  // namespace
}  // namespace moldau::io
