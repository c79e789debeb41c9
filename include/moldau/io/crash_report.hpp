// What a process leaves behind when it dies of itself: which signal, where, by which way it came
// there, and of which build, so that addresses can be looked up later (docs/operations.md).
#pragma once

#include <string>

namespace moldau::io {

struct CrashReportOptions {
    std::string program;    // its name in the report and in the file's
    std::string directory;  // absolute; `PROGRAM-crash-PID-SECONDS.txt` is written there
    bool json = false;      // stderr gets one line of JSON that names the file, not the report
};

/// From here on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, and so failed checks and
/// std::terminate, write a report to stderr and to a file, and then do what they would have done:
/// the process ends by the signal, with a core dump where the system makes one. Once; before the
/// threads that it is for. A build with a sanitizer, which reports by itself, is left as it is.
void install_crash_report(const CrashReportOptions& options);

}  // namespace moldau::io
