// What runs in a signal handler here calls nothing but what signal-safety(7) allows, besides the
// unwinder: libgcc finds its tables by _dl_find_object, without a lock or an allocation.
#include "moldau/io/crash_report.hpp"

#include "moldau/base/check.hpp"
#include "moldau/base/version.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <elf.h>
#include <exception>
#include <fcntl.h>
#include <link.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

namespace moldau::io {
namespace {

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || \
    __has_feature(thread_sanitizer)
constexpr bool kHasSanitizer = true;
#else
constexpr bool kHasSanitizer = false;
#endif

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr std::size_t kModulesMax = 64;
constexpr std::size_t kFramesMax = 96;
constexpr unsigned kSecondsMost = 10;  // for a report that gets stuck

struct Module {
    std::uintptr_t begin = 0, end = 0;
    std::uintptr_t base = 0;  // what its own addresses are counted from
    std::array<char, 128> name{};
    std::array<char, 41> build_id{};
};

/// All that a report needs; written before there are threads.
struct Prepared {
    std::array<char, 64> program{};
    std::array<char, 1024> path{};  // of the file, up to the number of the process
    std::size_t path_bytes = 0;
    bool json = false;
    std::array<Module, kModulesMax> modules;
    std::size_t module_count = 0;
};
Prepared prepared;

std::array<char, 2048> why{};  // a failed check, an exception that nobody caught
std::atomic<std::size_t> why_bytes{0};
std::atomic<bool> is_reporting{false};

template <std::size_t N>
std::size_t copy_text(std::array<char, N>& to, std::string_view text) {
    const std::size_t bytes = std::min(text.size(), N - 1);
    std::memcpy(to.data(), text.data(), bytes);
    to[bytes] = '\0';
    return bytes;
}

void note_why(std::string_view text) {
    // The first one counts.
    std::size_t none = 0;
    const std::size_t bytes = std::min(text.size(), why.size() - 1);
    if (why_bytes.compare_exchange_strong(none, std::max<std::size_t>(bytes, 1)))
        copy_text(why, text);
}

std::string_view why_text() {
    return {why.data(), std::strlen(why.data())};
}

/// Text into a buffer of its own, and from there to a descriptor.
class Writer {
public:
    explicit Writer(int to) : to_(to) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() { flush(); }

    Writer& operator<<(std::string_view text) {
        for (const char each : text) put(each);
        return *this;
    }
    Writer& number(std::int64_t value, int digits_least = 1) {
        if (value < 0) put('-');
        auto rest =
            value < 0 ? -static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
        std::array<char, 24> digits{};
        int count = 0;
        for (; rest > 0 || count < digits_least; rest /= 10)
            digits[static_cast<std::size_t>(count++)] = static_cast<char>('0' + rest % 10);
        while (count > 0) put(digits[static_cast<std::size_t>(--count)]);
        return *this;
    }
    Writer& hex(std::uint64_t value, int digits_least = 1) {
        *this << "0x";
        int digits = digits_least;
        while (digits < 16 && (value >> (4 * digits)) != 0) ++digits;
        for (int i = digits - 1; i >= 0; --i) put("0123456789abcdef"[(value >> (4 * i)) & 0xFU]);
        return *this;
    }
    /// What a JSON string may hold; else a '?'.
    Writer& harmless(std::string_view text) {
        for (const char each : text) {
            const bool is_fine = each >= ' ' && each < 0x7F && each != '"' && each != '\\';
            put(is_fine ? each : '?');
        }
        return *this;
    }
    void flush() {
        for (std::size_t at = 0; at < used_;) {
            const ssize_t put = ::write(to_, buffer_.data() + at, used_ - at);
            if (put < 0 && errno == EINTR) continue;
            if (put <= 0) break;
            at += static_cast<std::size_t>(put);
        }
        used_ = 0;
    }

private:
    void put(char each) {
        if (used_ == buffer_.size()) flush();
        buffer_[used_++] = each;
    }

    int to_;
    std::size_t used_ = 0;
    std::array<char, 512> buffer_;
};

std::string_view name_of(int signal) {
    switch (signal) {
        case SIGSEGV:
            return "SIGSEGV";
        case SIGBUS:
            return "SIGBUS";
        case SIGFPE:
            return "SIGFPE";
        case SIGILL:
            return "SIGILL";
        case SIGABRT:
            return "SIGABRT";
        default:
            return "signal";
    }
}

const Module* module_of(std::uintptr_t address) {
    for (std::size_t i = 0; i < prepared.module_count; ++i) {
        const Module& each = prepared.modules[i];
        if (address >= each.begin && address < each.end) return &each;
    }
    return nullptr;
}

void write_place(Writer& out, std::uintptr_t address) {
    if (const Module* module = module_of(address)) {
        out << module->name.data() << "+";
        out.hex(address - module->base);
    } else {
        out << "?";
    }
}

void write_time(Writer& out, const timespec& now) {
    const std::chrono::sys_seconds time{std::chrono::seconds(now.tv_sec)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    out.number(static_cast<int>(date.year()), 4) << "-";
    out.number(static_cast<unsigned>(date.month()), 2) << "-";
    out.number(static_cast<unsigned>(date.day()), 2) << "T";
    out.number(clock.hours().count(), 2) << ":";
    out.number(clock.minutes().count(), 2) << ":";
    out.number(clock.seconds().count(), 2) << ".";
    out.number(now.tv_nsec / 1'000'000, 3) << "Z";
}

/// What was interrupted.
struct Place {
    std::uintptr_t pc = 0, frame = 0, stack = 0;
};

Place place_of(const void* context) {
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return {.pc = static_cast<std::uintptr_t>(machine.gregs[REG_RIP]),
            .frame = static_cast<std::uintptr_t>(machine.gregs[REG_RBP]),
            .stack = static_cast<std::uintptr_t>(machine.gregs[REG_RSP])};
#elif defined(__aarch64__)
    return {.pc = machine.pc, .frame = machine.regs[29], .stack = machine.sp};
#else
    return {};
#endif
}

struct Frames {
    std::array<std::uintptr_t, kFramesMax> addresses;
    std::size_t count = 0;
    std::uintptr_t from = 0;  // those before this one are the handler's
    bool begun = false;
};

_Unwind_Reason_Code take_frame(_Unwind_Context* context, void* argument) {
    auto& frames = *static_cast<Frames*>(argument);
    int is_before = 0;
    const std::uintptr_t at = _Unwind_GetIPInfo(context, &is_before);
    frames.begun = frames.begun || at == frames.from;
    if (!frames.begun) return _URC_NO_REASON;
    if (at == 0 && frames.count > 0) return _URC_END_OF_STACK;
    // A return address is behind its call; looked up, it may be another line's.
    frames.addresses[frames.count++] = is_before != 0 || at == 0 ? at : at - 1;
    return frames.count == kFramesMax ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/// Of this process, where it can be read at all.
bool read_word(std::uintptr_t at, std::uintptr_t& word) {
    const iovec here{&word, sizeof word};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses are what this is about
    const iovec there{reinterpret_cast<void*>(at), sizeof word};
    return ::process_vm_readv(::getpid(), &here, 1, &there, 1, 0) ==
           static_cast<ssize_t>(sizeof word);
}

/// By frame pointers, which all our code keeps: for a call to where no code is.
void follow_frames(const Place& place, Frames& frames) {
    frames.count = 0;
    frames.addresses[frames.count++] = place.pc;
    std::uintptr_t back = 0;
    if (module_of(place.pc) == nullptr && read_word(place.stack, back) &&
        module_of(back) != nullptr)
        frames.addresses[frames.count++] = back - 1;
    std::uintptr_t frame = place.frame;
    while (frames.count < kFramesMax) {
        std::uintptr_t next = 0;
        if (!read_word(frame, next) || !read_word(frame + sizeof next, back) || back == 0) break;
        frames.addresses[frames.count++] = back - 1;
        if (next <= frame) break;
        frame = next;
    }
}

struct Crash {
    int signal = 0;
    const siginfo_t* info = nullptr;
    Place place;
    std::array<char, 16> thread{};
    timespec time{};
};

void write_head(Writer& out, const Crash& crash) {
    out << prepared.program.data() << " crashed\nsignal ";
    out.number(crash.signal) << " " << name_of(crash.signal) << " code ";
    out.number(crash.info->si_code) << " ";
    // Of a signal that was sent the union holds the sender instead.
    if (crash.info->si_code > 0) {
        out << "address ";
        out.hex(reinterpret_cast<std::uintptr_t>(crash.info->si_addr), 16);
    } else {
        out << "sent by pid ";
        out.number(crash.info->si_pid);
    }
    out << "\n";
    if (why_bytes.load() > 0) out << "reason " << why_text() << "\n";
    out << "version " << version() << " commit " << commit() << " build-id "
        << prepared.modules[0].build_id.data() << "\ntime ";
    write_time(out, crash.time);
    out << " pid ";
    out.number(::getpid()) << " tid ";
    out.number(::syscall(SYS_gettid)) << " thread " << crash.thread.data() << "\npc ";
    out.hex(crash.place.pc, 16) << " ";
    write_place(out, crash.place.pc);
    out << "\n";
    out.flush();  // should the way here be broken, so much is known
}

void write_report(int to, const Crash& crash) {
    Writer out(to);
    write_head(out, crash);
    Frames frames;
    frames.from = crash.place.pc;
    _Unwind_Backtrace(take_frame, &frames);
    if (frames.count < 2) follow_frames(crash.place, frames);
    out << "backtrace, the innermost first\n";
    for (std::size_t i = 0; i < frames.count; ++i) {
        out << "#";
        out.number(static_cast<std::int64_t>(i)) << " ";
        out.hex(frames.addresses[i], 16) << " ";
        write_place(out, frames.addresses[i]);
        out << "\n";
    }
    out << "modules\n";
    for (std::size_t i = 0; i < prepared.module_count; ++i) {
        const Module& each = prepared.modules[i];
        out.hex(each.begin, 16) << "-";
        out.hex(each.end, 16) << " " << each.name.data() << " build-id " << each.build_id.data()
                              << "\n";
    }
    out << "end of report\n";
}

void write_json_line(const Crash& crash, const char* path) {
    Writer out(STDERR_FILENO);
    out << R"({"ts":")";
    write_time(out, crash.time);
    out << R"(","level":"error","thread":")";
    out.harmless(crash.thread.data())
        << R"(","message":"crashed","signal":")" << name_of(crash.signal) << R"(","address":")";
    out.hex(crash.info->si_code > 0 ? reinterpret_cast<std::uintptr_t>(crash.info->si_addr) : 0)
        << R"(","pc":")";
    write_place(out, crash.place.pc);
    out << R"(","reason":")";
    out.harmless(why_text()) << R"(","version":")" << version() << R"(","commit":")" << commit()
                             << R"(","report":")";
    out.harmless(path) << "\"}\n";
}

/// The file's path, into `path`; it is not open when this is -1.
int open_file(std::array<char, 1100>& path) {
    std::memcpy(path.data(), prepared.path.data(), prepared.path_bytes);
    std::size_t at = prepared.path_bytes;
    const auto digits = [&](std::uint64_t value) {
        std::array<char, 24> reversed{};
        std::size_t count = 0;
        do reversed[count++] = static_cast<char>('0' + value % 10);
        while ((value /= 10) > 0);
        while (count > 0) path[at++] = reversed[--count];
    };
    digits(static_cast<std::uint64_t>(::getpid()));
    path[at++] = '-';
    digits(static_cast<std::uint64_t>(::time(nullptr)));
    std::memcpy(path.data() + at, ".txt", 5);
    return ::open(path.data(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
}

void on_signal(int signal, siginfo_t* info, void* context) {
    // Another thread is at it, and the process ends with that.
    if (is_reporting.exchange(true)) {
        for (;;) ::pause();
    }
    // Should the report get stuck, the process is not to stay.
    std::signal(SIGALRM, SIG_DFL);
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);
    ::alarm(kSecondsMost);

    Crash crash{.signal = signal, .info = info, .place = place_of(context)};
    ::prctl(PR_GET_NAME, crash.thread.data());
    ::clock_gettime(CLOCK_REALTIME, &crash.time);
    std::array<char, 1100> path{};
    const int file = open_file(path);
    if (file >= 0) {
        write_report(file, crash);
        ::fsync(file);
        ::close(file);
    }
    if (prepared.json) {
        write_json_line(crash, file >= 0 ? path.data() : "");
    } else {
        write_report(STDERR_FILENO, crash);
        Writer out(STDERR_FILENO);
        if (file >= 0) out << "this report is in " << path.data() << "\n";
    }
    // What the signal would have done. A fault happens again on return; what was sent is sent anew,
    // and comes when this returns.
    std::signal(signal, SIG_DFL);
    if (info->si_code <= 0) ::syscall(SYS_tgkill, ::getpid(), ::syscall(SYS_gettid), signal);
}

[[noreturn]] void on_terminate() {
    std::array<char, 512> text{};
    std::string_view what;
    if (const std::exception_ptr thrown = std::current_exception()) {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& error) {
            copy_text(text, error.what());
            what = text.data();
        } catch (...) {
            what = "an exception of no standard type";
        }
    } else {
        what = "std::terminate without an exception";
    }
    std::array<char, 600> all{};
    const std::size_t bytes = copy_text(all, "terminated by ");
    std::memcpy(all.data() + bytes, what.data(), std::min(what.size(), all.size() - bytes - 1));
    note_why(all.data());
    std::abort();
}

void take_build_id(const dl_phdr_info& info, const ElfW(Phdr) & segment, Module& module) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    const auto* at = reinterpret_cast<const char*>(info.dlpi_addr + segment.p_vaddr);
    const char* const end = at + segment.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
        ElfW(Nhdr) note;
        std::memcpy(&note, at, sizeof note);
        const char* const name = at + sizeof note;
        const char* const id = name + ((note.n_namesz + 3U) & ~3U);
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            std::memcmp(name, "GNU", 4) == 0) {
            const std::size_t bytes = std::min<std::size_t>(note.n_descsz, 20);
            for (std::size_t i = 0; i < bytes; ++i) {
                const auto each = static_cast<unsigned char>(id[i]);
                module.build_id[2 * i] = "0123456789abcdef"[each >> 4U];
                module.build_id[2 * i + 1] = "0123456789abcdef"[each & 0xFU];
            }
            return;
        }
        at = id + ((note.n_descsz + 3U) & ~3U);
    }
}

int take_module(dl_phdr_info* info, std::size_t, void*) {
    if (prepared.module_count == kModulesMax) return 1;
    Module& module = prepared.modules[prepared.module_count];
    module.base = info->dlpi_addr;
    module.begin = UINTPTR_MAX;
    for (std::size_t i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = info->dlpi_phdr[i];
        if (segment.p_type == PT_NOTE) take_build_id(*info, segment, module);
        if (segment.p_type != PT_LOAD) continue;
        const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
        module.begin = std::min(module.begin, begin);
        module.end = std::max(module.end, begin + segment.p_memsz);
    }
    std::string_view path = info->dlpi_name;
    if (path.empty() && prepared.module_count == 0) path = prepared.program.data();
    copy_text(module.name, path.substr(path.rfind('/') + 1));
    ++prepared.module_count;
    return 0;
}

}  // namespace

void install_crash_report(const CrashReportOptions& options) {
    if (kHasSanitizer) return;
    copy_text(prepared.program, options.program);
    prepared.path_bytes =
        copy_text(prepared.path, options.directory + "/" + options.program + "-crash-");
    prepared.json = options.json;
    prepared.module_count = 0;
    dl_iterate_phdr(take_module, nullptr);
    // Whatever the unwinder sets up at its first use is set up now.
    Frames frames;
    _Unwind_Backtrace(take_frame, &frames);
    watch_checks(note_why);
    std::set_terminate(on_terminate);

    // The main thread's; others bring their own (runtime/alternate_stack.hpp).
    static std::array<std::byte, std::size_t{64} << 10U> stack;
    stack_t alternate{};
    alternate.ss_sp = stack.data();
    alternate.ss_size = stack.size();
    sigaltstack(&alternate, nullptr);
    struct sigaction action{};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    // A fault within it ends the process at once, by the kernel.
    sigfillset(&action.sa_mask);
    for (const int signal : kSignals) sigaction(signal, &action, nullptr);
}

}  // namespace moldau::io
