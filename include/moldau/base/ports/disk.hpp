// Port: files and directories of one log directory's disk. The world's is in io, the simulator's in
// sim. Moving bytes to and from the page cache is synchronous; what waits for the device is
// submitted and ends as an event on the shard.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace moldau {

/// What a caller may act on when the disk says no.
enum class DiskFault : std::uint8_t {
    failed,              // the device or the file system: final, the log directory goes offline
    no_space,            // full, or over a quota: refuse writes, go on reading, try later
    out_of_descriptors,  // or of kernel memory: says nothing about the disk, try later
    not_found,           //
    exists,              //
    denied,              // permissions, read-only, a directory where a file should be
    locked,              // another process has it
    overloaded,          // too many operations submitted: this one was not begun
    cancelled,           // nobody waits any more; the operation may or may not have happened
};

struct DiskError {
    DiskFault fault = DiskFault::failed;
    std::string detail;  // operation, path and reason, for an operator

    /// As a client sees it: kafka_storage_error with the detail.
    operator Error() const { return {ErrorCode::kafka_storage_error, detail}; }
};

template <class T = void>
struct [[nodiscard]] DiskResult : std::expected<T, DiskError> {
    using Base = std::expected<T, DiskError>;
    using Base::Base;
    DiskResult(DiskError error) : Base(std::unexpect, std::move(error)) {}
    void value() const = delete;
};

/// Called at most once, from the owning shard's loop, never from inside the call that submitted.
template <class T = void>
using DiskDone = std::move_only_function<void(DiskResult<T>)>;

struct FileSlice;  // file_slice.hpp

/// An open file, owned by one shard; what holds a FileSlice of it may call in_memory(), try_read()
/// and descriptor() on any shard. Destroying it closes it when what was submitted has ended; the
/// callbacks of that may still come.
class File {
public:
    struct TryRead {
        std::size_t bytes = 0;     // fewer than asked for only at the end of the file
        bool would_block = false;  // not in memory: nothing was read, submit a read
    };

    virtual ~File() = default;

    /// All of `pieces` at `at`, into the page cache: not durable before a sync. On an error any
    /// part may have been written.
    virtual DiskResult<> write(std::uint64_t at, std::span<const BytesView> pieces) = 0;
    /// What is in memory, without waiting for the device.
    virtual DiskResult<TryRead> try_read(std::uint64_t at, MutableBytes into) = 0;
    /// How many of `count` bytes at `at`, from the first on, are in memory, as far as the system
    /// tells: sending those does not wait for the device. The others: Disk::bring_in.
    virtual std::size_t in_memory(std::uint64_t at, std::size_t count) = 0;
    /// For a stream's sendfile(2); the simulator's files have none: -1.
    virtual int descriptor() const = 0;
    /// `count` bytes at `at`, fewer at the end of the file.
    virtual void read(std::uint64_t at, std::size_t count, DiskDone<Bytes> done) = 0;
    /// fdatasync: contents and size written before this call are durable when it ends well, though
    /// the file's name is only by Disk::sync_directory. A failure is final: what was not durable
    /// may be lost although a later sync succeeds.
    virtual void sync(DiskDone<> done) = 0;

    virtual DiskResult<std::uint64_t> size() = 0;
    virtual DiskResult<> truncate(std::uint64_t size) = 0;
    /// Room for [0, size); the file is that long afterwards, zeros where nothing was written.
    virtual DiskResult<> preallocate(std::uint64_t size) = 0;
};

enum class OpenMode : std::uint8_t {
    read_only,       // must exist
    existing,        // to read and write; must exist
    create_new,      // must not exist
    create_if_none,  //
};

struct DirectoryEntry {
    std::string name;
    bool is_directory = false;
    friend auto operator<=>(const DirectoryEntry&, const DirectoryEntry&) = default;
};

struct DiskSpace {
    std::uint64_t bytes_total = 0;
    std::uint64_t bytes_free = 0;  // for us, not for root
};

/// Held until it is destroyed or the process ends.
class DiskLock {
public:
    virtual ~DiskLock() = default;
};

/// One for each shard. Paths are absolute, components divided by one '/'. Changes of names are
/// durable only by sync_directory of the directory that holds them.
class Disk {
public:
    virtual ~Disk() = default;
    virtual DiskResult<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
    /// Replaces `to` in one step; both in one directory.
    virtual DiskResult<> rename(const std::string& from, const std::string& to) = 0;
    virtual DiskResult<> remove(const std::string& path) = 0;  // a file or an empty directory
    virtual DiskResult<std::vector<DirectoryEntry>> list(const std::string& path) = 0;  // by name
    virtual DiskResult<> create_directories(const std::string& path) = 0;
    virtual void sync_directory(const std::string& path, DiskDone<> done) = 0;
    /// Reads the slice's bytes into memory, whence others may push them out again at any time. Its
    /// file may be another shard's; `done` is called on this disk's.
    virtual void bring_in(const FileSlice& slice, DiskDone<> done) = 0;
    virtual DiskResult<DiskSpace> space(const std::string& path) = 0;
    /// Creates the file `path` when there is none. Errors: locked, by any process, this one too.
    virtual DiskResult<std::unique_ptr<DiskLock>> lock(const std::string& path) = 0;
};

}  // namespace moldau
