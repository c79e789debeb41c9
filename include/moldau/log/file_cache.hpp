// The open files of one shard's logs, bounded: a partition that nobody uses holds none.
#pragma once

#include "moldau/base/ports/disk.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <string>

namespace moldau::log {

/// Closes the files that were used least recently. A file that someone still holds (a FileSlice, a
/// sync that runs) stays open until he lets go, and is not counted any more.
class FileCache {
public:
    /// Where an owner keeps its file; gone from the cache when it is destroyed. Belongs to one
    /// cache and may not outlive it.
    class Slot {
    public:
        Slot() = default;
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;
        ~Slot() { reset(); }
        bool is_open() const { return file_ != nullptr; }
        /// Closes the file, here at least.
        void reset();

    private:
        friend class FileCache;
        FileCache* cache_ = nullptr;
        std::shared_ptr<File> file_;
        std::list<Slot*>::iterator place_;
        bool used_ = false;  // since the last sweep
    };

    FileCache(Disk& disk, std::size_t files_max) : disk_(disk), files_max_(files_max) {}
    FileCache(const FileCache&) = delete;
    FileCache& operator=(const FileCache&) = delete;
    ~FileCache();

    /// The slot's file, opened when it is not. Out of descriptors, it closes half of its files and
    /// tries once more.
    template <class PathOf>
    DiskResult<std::shared_ptr<File>> get(Slot& slot, OpenMode mode, const PathOf& path_of) {
        if (slot.file_ != nullptr) {
            touch(slot);
            return slot.file_;
        }
        return open(slot, mode, path_of());
    }

    /// Closes what was not used since the last sweep. The owner calls it every few seconds.
    void sweep();

    Disk& disk() { return disk_; }
    std::size_t open_files() const { return recent_.size(); }

private:
    DiskResult<std::shared_ptr<File>> open(Slot& slot, OpenMode mode, const std::string& path);
    void touch(Slot& slot);
    void close_down_to(std::size_t files);

    Disk& disk_;
    std::size_t files_max_;
    std::list<Slot*> recent_;  // most recently used first
    std::list<Slot*> spare_;   // nodes to be used again
};

}  // namespace moldau::log
