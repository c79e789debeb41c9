// errno is translated here, once, into what a caller may act on.
#include "moldau/io/system_disk.hpp"

#include "moldau/base/check.hpp"
#include "moldau/base/ports/file_slice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace moldau::io {
namespace {

DiskFault fault_of(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return DiskFault::no_space;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
            return DiskFault::out_of_descriptors;
        case ENOENT:
            return DiskFault::not_found;
        case EEXIST:
        case ENOTEMPTY:
            return DiskFault::exists;
        case EACCES:
        case EPERM:
        case EISDIR:
        case ENOTDIR:
        case ENAMETOOLONG:
        case ELOOP:
            return DiskFault::denied;
        case EWOULDBLOCK:
            return DiskFault::locked;
        default:
            // EIO, EROFS and all that no one has thought of: the directory cannot be trusted.
            return DiskFault::failed;
    }
}

DiskError disk_error(std::string_view operation, std::string_view path, int error) {
    return {fault_of(error), fmt::format("{} {}: {}", operation, path, strerror(error))};
}

/// Calls again what a signal has interrupted.
template <class Call>
auto uninterrupted(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

/// Closes what may be the last descriptor of a file without a name: the file's pages and blocks are
/// given back by that, for which a large one takes tens of milliseconds.
void close_deleted(runtime::WorkerPool& pool, int fd) {
    if (!pool.submit([fd] { ::close(fd); })) ::close(fd);
}

/// An open descriptor; counted, since operations on the pool may outlive the file.
class Opened {
public:
    Opened(runtime::WorkerPool& pool, int fd, std::string path)
        : pool_(pool), fd_(fd), path_(std::move(path)) {}
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;
    ~Opened() {
        struct stat status{};
        const bool is_deleted = ::fstat(fd_, &status) == 0 && status.st_nlink == 0;
        is_deleted ? close_deleted(pool_, fd_) : (void)::close(fd_);
    }
    int fd() const { return fd_; }
    const std::string& path() const { return path_; }

private:
    runtime::WorkerPool& pool_;
    int fd_;
    std::string path_;
};

DiskResult<std::shared_ptr<Opened>> open_path(runtime::WorkerPool& pool, const std::string& path,
                                              int flags) {
    const int fd = uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0644); });
    if (fd < 0) return disk_error("open", path, errno);
    return std::make_shared<Opened>(pool, fd, path);
}

/// How many of the `pages` pages from byte `at` on are in the page cache; nothing: the kernel does
/// not tell (before Linux 6.5, or forbidden in a sandbox). One call, 0.2 µs for a megabyte.
std::optional<std::uint64_t> pages_in_cache(int fd, std::uint64_t at, std::uint64_t count) {
    constexpr long kCachestat = 451;  // on all machines; Debian 12's headers do not know it
    struct {
        std::uint64_t at, count;
    } const range{at, count};
    struct {
        std::uint64_t cached, dirty, writeback, evicted, recently_evicted;
    } pages{};
    static std::atomic<bool> is_missing{false};
    if (is_missing.load(std::memory_order_relaxed)) return std::nullopt;
    if (::syscall(kCachestat, fd, &range, &pages, 0) == 0) return pages.cached;
    is_missing.store(true, std::memory_order_relaxed);
    return std::nullopt;
}

enum class Probed : std::uint8_t { hot, cold, unknown };

/// Whether the byte at `at` can be had without waiting.
Probed probe(int fd, std::uint64_t at) {
    std::byte byte{};
    const iovec vector{&byte, 1};
    if (uninterrupted(
            [&] { return ::preadv2(fd, &vector, 1, static_cast<off_t>(at), RWF_NOWAIT); }) == 1)
        return Probed::hot;
    // A file system in memory need not know RWF_NOWAIT.
    return errno == EOPNOTSUPP ? Probed::unknown : Probed::cold;
}

bool is_in_memory(int fd, std::uint64_t at, std::uint64_t count) {
    static const auto kPage = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    constexpr std::uint64_t kProbeEvery = std::uint64_t{64} << 10U;
    const std::uint64_t last = at + count - 1;
    if (const auto cached = pages_in_cache(fd, at, count)) {
        // Pages whose reading has only begun are counted, too; those behind come last.
        return *cached >= last / kPage - at / kPage + 1 && probe(fd, last) != Probed::cold;
    }
    for (std::uint64_t each = at; each < last; each += kProbeEvery) {
        if (probe(fd, each) != Probed::hot) return false;
    }
    return probe(fd, last) == Probed::hot;
}

/// Through a buffer that is thrown away: no other call both brings a range in and waits for it.
DiskResult<> read_through(const Opened& file, std::uint64_t at, std::size_t count) {
    constexpr std::size_t kStep = std::size_t{256} << 10U;
    // All of it is asked for at once, then waited for.
    (void)::posix_fadvise(file.fd(), static_cast<off_t>(at), static_cast<off_t>(count),
                          POSIX_FADV_WILLNEED);
    BytesBuilder buffer(std::min(count, kStep));
    while (count > 0) {
        const ssize_t got = uninterrupted([&] {
            return ::pread(file.fd(), buffer.data(), std::min(count, kStep),
                           static_cast<off_t>(at));
        });
        if (got < 0) return disk_error("read", file.path(), errno);
        if (got == 0) return {};
        at += static_cast<std::uint64_t>(got);
        count -= static_cast<std::size_t>(got);
    }
    return {};
}

DiskResult<Bytes> read_fully(const Opened& file, std::uint64_t at, std::size_t count) {
    BytesBuilder builder(count);
    std::size_t filled = 0;
    while (filled < count) {
        const ssize_t got = uninterrupted([&] {
            return ::pread(file.fd(), builder.data() + filled, count - filled,
                           static_cast<off_t>(at + filled));
        });
        if (got < 0) return disk_error("read", file.path(), errno);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    return std::move(builder).publish(filled);
}

/// Runs `work` on the pool and brings what it returns to `done` on the shard.
template <class T, class Work>
void submit(runtime::Shard& shard, runtime::WorkerPool& pool, Work work, DiskDone<T> done) {
    auto shared = std::make_shared<DiskDone<T>>(std::move(done));
    Result<> submitted = pool.submit([&shard, work = std::move(work), shared]() mutable {
        // A shard that has stopped has nobody left who waits.
        (void)shard.post_answer(
            [shared, result = work()]() mutable { (*shared)(std::move(result)); });
    });
    if (submitted) return;
    (void)shard.post_answer([shared, detail = submitted.error().detail] {
        (*shared)(DiskError{DiskFault::overloaded, detail});
    });
}

using Counters = std::shared_ptr<DiskCounters>;

/// As submit(); how long it took and whether it failed is counted when `done` is called.
template <class T, class Work>
void submit_counted(runtime::Shard& shard, runtime::WorkerPool& pool, const Counters& counters,
                    DurationHistogram DiskCounters::* took, std::uint64_t DiskCounters::* errors,
                    Work work, DiskDone<T> done) {
    submit<T>(shard, pool, std::move(work),
              [&shard, counters, took, errors, begun = shard.now(),
               done = std::move(done)](DiskResult<T> result) mutable {
                  ((*counters).*took).record(shard.now() - begun);
                  if (!result) ++((*counters).*errors);
                  done(std::move(result));
              });
}

class SystemFile final : public File {
public:
    SystemFile(runtime::Shard& shard, runtime::WorkerPool& pool, std::shared_ptr<Opened> opened,
               Counters counters)
        : shard_(shard), pool_(pool), opened_(std::move(opened)), counters_(std::move(counters)) {}

    DiskResult<> write(std::uint64_t at, std::span<const BytesView> pieces) override {
        DiskResult<> written = write_pieces(at, pieces);
        ++counters_->writes;
        if (!written) ++counters_->write_errors;
        return written;
    }

    DiskResult<> write_pieces(std::uint64_t at, std::span<const BytesView> pieces) {
        std::array<iovec, kPiecesMax> vectors;
        std::size_t next = 0;     // the piece to go on with
        std::size_t skipped = 0;  // bytes of it that have been written
        while (next < pieces.size()) {
            std::size_t count = 0;
            for (std::size_t i = next; i < pieces.size() && count < vectors.size(); ++i) {
                const BytesView rest = i == next ? pieces[i].subspan(skipped) : pieces[i];
                vectors[count++] = {const_cast<std::byte*>(rest.data()), rest.size()};
            }
            const ssize_t put = uninterrupted([&] {
                return ::pwritev(opened_->fd(), vectors.data(), static_cast<int>(count),
                                 static_cast<off_t>(at));
            });
            if (put < 0) return disk_error("write", opened_->path(), errno);
            auto written = static_cast<std::size_t>(put);
            at += written;
            counters_->bytes_written += written;
            std::size_t passed = 0;
            for (; next < pieces.size() && written >= pieces[next].size() - skipped; ++next) {
                written -= pieces[next].size() - skipped;
                skipped = 0;
                ++passed;
            }
            skipped += written;
            // Neither a byte nor an empty piece: the device takes nothing and does not say why.
            if (put == 0 && passed == 0) return disk_error("write", opened_->path(), EIO);
        }
        return {};
    }

    DiskResult<TryRead> try_read(std::uint64_t at, MutableBytes into) override {
        std::size_t filled = 0;
        while (filled < into.size()) {
            const iovec vector{into.data() + filled, into.size() - filled};
            const ssize_t got = uninterrupted([&] {
                return ::preadv2(opened_->fd(), &vector, 1, static_cast<off_t>(at + filled),
                                 RWF_NOWAIT);
            });
            // A file system that cannot say what is in memory: all reads are submitted.
            if (got < 0 && (errno == EAGAIN || errno == EOPNOTSUPP))
                return TryRead{.would_block = true};
            if (got < 0) return disk_error("read", opened_->path(), errno);
            if (got == 0) break;
            filled += static_cast<std::size_t>(got);
        }
        return TryRead{.bytes = filled};
    }

    std::size_t in_memory(std::uint64_t at, std::size_t count) override {
        // All, or a part that is still worth a call.
        constexpr std::size_t kPart = std::size_t{64} << 10U;
        if (count == 0 || is_in_memory(opened_->fd(), at, count)) return count;
        return count > kPart && is_in_memory(opened_->fd(), at, kPart) ? kPart : 0;
    }

    int descriptor() const override { return opened_->fd(); }
    const std::shared_ptr<Opened>& opened() const { return opened_; }

    void read(std::uint64_t at, std::size_t count, DiskDone<Bytes> done) override {
        submit_counted<Bytes>(
            shard_, pool_, counters_, &DiskCounters::reads, &DiskCounters::read_errors,
            [opened = opened_, at, count] { return read_fully(*opened, at, count); },
            std::move(done));
    }

    void sync(DiskDone<> done) override {
        submit_counted<void>(
            shard_, pool_, counters_, &DiskCounters::syncs, &DiskCounters::sync_errors,
            [opened = opened_]() -> DiskResult<> {
                if (uninterrupted([&] { return ::fdatasync(opened->fd()); }) != 0)
                    return disk_error("sync", opened->path(), errno);
                return {};
            },
            std::move(done));
    }

    DiskResult<std::uint64_t> size() override {
        struct stat status{};
        if (::fstat(opened_->fd(), &status) != 0) return disk_error("stat", opened_->path(), errno);
        return static_cast<std::uint64_t>(status.st_size);
    }

    DiskResult<> truncate(std::uint64_t size) override {
        // ext4 takes a file that was truncated to nothing for one that is being replaced, though it
        // was empty before, and starts to write all of it to the device when it is closed.
        const auto now = this->size();
        if (!now) return now.error();
        if (*now == size) return {};
        if (uninterrupted([&] { return ::ftruncate(opened_->fd(), static_cast<off_t>(size)); }) !=
            0)
            return disk_error("truncate", opened_->path(), errno);
        return {};
    }

    DiskResult<> preallocate(std::uint64_t size) override {
        // Not posix_fallocate: where the file system cannot, that writes to every block.
        if (uninterrupted(
                [&] { return ::fallocate(opened_->fd(), 0, 0, static_cast<off_t>(size)); }) == 0)
            return {};
        if (errno != EOPNOTSUPP) return disk_error("preallocate", opened_->path(), errno);
        auto now = this->size();
        if (!now) return now.error();
        return *now < size ? truncate(size) : DiskResult<>{};
    }

private:
    static constexpr std::size_t kPiecesMax = 256;

    runtime::Shard& shard_;
    runtime::WorkerPool& pool_;
    std::shared_ptr<Opened> opened_;
    Counters counters_;
};

class SystemLock final : public DiskLock {
public:
    explicit SystemLock(std::shared_ptr<Opened> opened) : opened_(std::move(opened)) {}

private:
    std::shared_ptr<Opened> opened_;  // closing it gives the lock back
};

int flags_of(OpenMode mode) {
    switch (mode) {
        case OpenMode::read_only:
            return O_RDONLY;
        case OpenMode::existing:
            return O_RDWR;
        case OpenMode::create_new:
            return O_RDWR | O_CREAT | O_EXCL;
        case OpenMode::create_if_none:
            return O_RDWR | O_CREAT;
    }
    return O_RDONLY;
}

class SystemDisk final : public Disk {
public:
    SystemDisk(runtime::Shard& shard, runtime::WorkerPool& pool, Counters counters)
        : shard_(shard), pool_(pool), counters_(std::move(counters)) {}

    DiskResult<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        auto opened = open_path(pool_, path, flags_of(mode));
        if (!opened) return opened.error();
        return std::make_unique<SystemFile>(shard_, pool_, std::move(*opened), counters_);
    }

    DiskResult<> rename(const std::string& from, const std::string& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0)
            return disk_error("rename to " + to, from, errno);
        return {};
    }

    DiskResult<> remove(const std::string& path) override {
        // Held beyond the loss of its name, so that it is the pool that lets go of it at last.
        const int held = ::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
        const DiskResult<> removed =
            ::remove(path.c_str()) == 0 ? DiskResult<>() : disk_error("remove", path, errno);
        if (held >= 0) removed ? close_deleted(pool_, held) : (void)::close(held);
        return removed;
    }

    DiskResult<std::vector<DirectoryEntry>> list(const std::string& path) override {
        DIR* directory = ::opendir(path.c_str());
        if (directory == nullptr) return disk_error("list", path, errno);
        std::vector<DirectoryEntry> entries;
        errno = 0;
        while (const dirent* entry = ::readdir(directory)) {
            const std::string name = entry->d_name;
            if (name == "." || name == "..") continue;
            bool is_directory = entry->d_type == DT_DIR;
            if (entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK) {
                const std::string whole = fmt::format("{}/{}", path, name);
                struct stat status{};
                is_directory = ::stat(whole.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
            }
            entries.push_back({name, is_directory});
            errno = 0;
        }
        const int error = errno;
        ::closedir(directory);
        if (error != 0) return disk_error("list", path, error);
        std::ranges::sort(entries);
        return entries;
    }

    DiskResult<> create_directories(const std::string& path) override {
        for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
            const std::string part = path.substr(0, end);
            if (::mkdir(part.c_str(), 0755) != 0) {
                // EEXIST, or EROFS or EACCES of a parent that is there already.
                const int error = errno;
                if (!is_directory(part))
                    return disk_error("create directory", part, error == EEXIST ? ENOTDIR : error);
            }
            if (end == std::string::npos) return {};
        }
    }

    void sync_directory(const std::string& path, DiskDone<> done) override {
        submit_counted<void>(
            shard_, pool_, counters_, &DiskCounters::syncs, &DiskCounters::sync_errors,
            [&pool = pool_, path]() -> DiskResult<> {
                auto opened = open_path(pool, path, O_RDONLY | O_DIRECTORY);
                if (!opened) return opened.error();
                if (uninterrupted([&] { return ::fsync((*opened)->fd()); }) != 0)
                    return disk_error("sync directory", path, errno);
                return {};
            },
            std::move(done));
    }

    void bring_in(const FileSlice& slice, DiskDone<> done) override {
        auto* file = dynamic_cast<SystemFile*>(slice.file.get());
        MOLDAU_CHECK(file != nullptr, "a file of another disk");
        submit_counted<void>(
            shard_, pool_, counters_, &DiskCounters::reads, &DiskCounters::read_errors,
            [opened = file->opened(), at = slice.at, count = slice.bytes] {
                return read_through(*opened, at, count);
            },
            std::move(done));
    }

    DiskResult<DiskSpace> space(const std::string& path) override {
        struct statvfs status{};
        if (::statvfs(path.c_str(), &status) != 0) return disk_error("statvfs", path, errno);
        return DiskSpace{.bytes_total = status.f_blocks * status.f_frsize,
                         .bytes_free = status.f_bavail * status.f_frsize};
    }

    DiskResult<std::unique_ptr<DiskLock>> lock(const std::string& path) override {
        auto opened = open_path(pool_, path, O_RDWR | O_CREAT);
        if (!opened) return opened.error();
        if (::flock((*opened)->fd(), LOCK_EX | LOCK_NB) != 0)
            return disk_error("lock", path, errno);
        return std::make_unique<SystemLock>(std::move(*opened));
    }

private:
    static bool is_directory(const std::string& path) {
        struct stat status{};
        return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    }

    runtime::Shard& shard_;
    runtime::WorkerPool& pool_;
    Counters counters_;
};

}  // namespace

std::unique_ptr<Disk> make_system_disk(runtime::Shard& shard, runtime::WorkerPool& pool,
                                       std::shared_ptr<DiskCounters> counters) {
    return std::make_unique<SystemDisk>(shard, pool, std::move(counters));
}

}  // namespace moldau::io
