#include "disk.hpp"

#include "moldau/base/check.hpp"
#include "moldau/base/ports/file_slice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace moldau::sim {
namespace {

DiskError fault(DiskFault what, std::string_view operation, std::string_view path,
                std::string_view reason) {
    return {what, fmt::format("{} {}: {} (simulated)", operation, path, reason)};
}

DiskError dead(std::string_view path) {
    return fault(DiskFault::failed, "use", path, "the process has died");
}

/// What the disk and its files have at hand.
struct Access {
    Engine& engine;
    Host& host;
    Medium& medium;

    bool strikes(std::uint32_t chance) {
        if (chance == 0 || !medium.random.chance(chance)) return false;
        engine.trace(What::fault, chance);
        return true;
    }
    bool strikes(std::uint32_t chance, const std::string& path) {
        return path.starts_with(engine.disk_faults.below) && strikes(chance);
    }
    void later(What what, Engine::Action action) {
        const DiskFaults& faults = engine.disk_faults;
        engine.after(medium.random.between(faults.latency_min, faults.latency_max), host.id, what,
                     std::move(action));
    }
};

/// One that a process holds open, itself or by what it has submitted.
class OpenFile {
public:
    explicit OpenFile(Host& host) : host_(host) { ++host_.open_files; }
    OpenFile(const OpenFile& other) : OpenFile(other.host_) {}
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() { --host_.open_files; }

private:
    Host& host_;
};

class SimFile final : public File, public SendableFile {
public:
    SimFile(Access access, std::string path, std::shared_ptr<Inode> inode, bool writable)
        : access_(access), path_(std::move(path)), inode_(std::move(inode)), writable_(writable) {}

    DiskResult<> write(std::uint64_t at, std::span<const BytesView> pieces) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path_);
        if (!writable_) return fault(DiskFault::denied, "write", path_, "opened to read only");
        std::vector<std::byte> bytes;
        for (const BytesView piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
        std::optional<DiskError> error;
        if (access_.strikes(access_.engine.disk_faults.write_error, path_)) {
            error = fault(DiskFault::failed, "write", path_, "input/output error");
            bytes.resize(access_.medium.random.between(0, bytes.size()));
        }
        const std::uint64_t end = at + bytes.size();
        if (end > inode_->now.size() && end - inode_->now.size() > room())
            return fault(DiskFault::no_space, "write", path_, "no space left");
        if (end > inode_->now.size()) access_.medium.resize(*inode_, end);
        std::ranges::copy(bytes, inode_->now.begin() + static_cast<std::ptrdiff_t>(at));
        inode_->mark(at, bytes.size());
        access_.engine.trace(What::write, at, access_.host.id);
        access_.engine.digest.add(bytes);
        if (error) return *error;
        return {};
    }

    DiskResult<TryRead> try_read(std::uint64_t at, MutableBytes into) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path_);
        if (access_.strikes(access_.engine.disk_faults.cold_read))
            return TryRead{.would_block = true};
        auto bytes = bytes_at(at, into.size());
        if (!bytes) return bytes.error();
        std::ranges::copy(*bytes, into.begin());
        return TryRead{.bytes = bytes->size()};
    }

    std::size_t in_memory(std::uint64_t at, std::size_t count) override {
        const PortCall call(access_.host);
        if (call.dead() || count == 0) return count;
        if (access_.strikes(access_.engine.disk_faults.cold_read)) {
            // None of it, or not all.
            count =
                access_.medium.random.chance(500'000) ? 0 : access_.medium.random.between(1, count);
        }
        inode_->told_hot(at, count);
        return count;
    }
    int descriptor() const override { return -1; }

    DiskResult<BytesView> bytes_to_send(std::uint64_t at, std::size_t count) override {
        MOLDAU_CHECK(inode_->is_told_hot(at, count), "a shard would wait for the disk: {} at {}",
                     path_, at);
        return bytes_at(at, count);
    }
    void bring_in(std::uint64_t at, std::size_t count, DiskDone<> done) {
        access_.later(What::read, [file = copy(), at, count, done = std::move(done)]() mutable {
            if (auto bytes = file.bytes_at(at, count); !bytes) return done(bytes.error());
            file.inode_->told_hot(at, count);
            done({});
        });
    }

    void read(std::uint64_t at, std::size_t count, DiskDone<Bytes> done) override {
        const PortCall call(access_.host);
        if (call.dead()) return;
        access_.later(What::read, [file = copy(), at, count, done = std::move(done)]() mutable {
            auto bytes = file.bytes_at(at, count);
            if (!bytes) return done(bytes.error());
            file.access_.engine.digest.add(*bytes);
            done(Bytes::copy_of(*bytes));
        });
    }

    void sync(DiskDone<> done) override {
        const PortCall call(access_.host);
        if (call.dead()) return;
        // What is written while it runs is for the next sync.
        const std::uint64_t number = inode_->next_sync++;
        inode_->syncing[number] = std::exchange(inode_->dirty, {});
        access_.later(What::sync, [file = copy(), number, size = inode_->now.size(),
                                   done = std::move(done)]() mutable {
            Sectors sectors = std::move(file.inode_->syncing.at(number));
            file.inode_->syncing.erase(number);
            // As ext4 does it: told once, and the pages count as clean from then on.
            if (file.access_.strikes(file.access_.engine.disk_faults.sync_error, file.path_)) {
                file.inode_->lost.merge(sectors);
                return done(fault(DiskFault::failed, "sync", file.path_, "input/output error"));
            }
            Inode& inode = *file.inode_;
            // A later sync may have ended before, and made more durable.
            inode.durable.resize(std::min(std::max(size, inode.durable.size()), inode.now.size()));
            inode.settle(sectors);
            done({});
        });
    }

    DiskResult<std::uint64_t> size() override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path_);
        return std::uint64_t{inode_->now.size()};
    }

    DiskResult<> truncate(std::uint64_t size) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path_);
        if (!writable_) return fault(DiskFault::denied, "truncate", path_, "opened to read only");
        access_.engine.trace(What::write, size, access_.host.id);
        access_.medium.resize(*inode_, size);
        return {};
    }

    DiskResult<> preallocate(std::uint64_t size) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path_);
        if (!writable_) return fault(DiskFault::denied, "allocate", path_, "opened to read only");
        if (size <= inode_->now.size()) return {};
        if (size - inode_->now.size() > room())
            return fault(DiskFault::no_space, "preallocate", path_, "no space left");
        access_.engine.trace(What::write, size, access_.host.id);
        access_.medium.resize(*inode_, size);
        return {};
    }

private:
    // Operations that were submitted hold the file open.
    SimFile copy() const { return SimFile(access_, path_, inode_, writable_); }

    std::uint64_t room() const {
        const DiskFaults& faults = access_.engine.disk_faults;
        const std::uint64_t most =
            path_.starts_with(faults.below) ? faults.bytes_max : DiskFaults().bytes_max;
        const std::uint64_t used = access_.medium.bytes_used();
        return used < most ? most - used : 0;
    }

    DiskResult<BytesView> bytes_at(std::uint64_t at, std::size_t count) {
        if (access_.strikes(access_.engine.disk_faults.read_error, path_))
            return fault(DiskFault::failed, "read", path_, "input/output error");
        std::vector<std::byte>& now = inode_->now;
        const std::uint64_t begin = std::min<std::uint64_t>(at, now.size());
        const std::uint64_t size = std::min<std::uint64_t>(count, now.size() - begin);
        if (size > 0 && access_.strikes(access_.engine.disk_faults.flip)) {
            const std::uint64_t where = begin + access_.medium.random.below(size);
            const auto bit = static_cast<std::byte>(1U << access_.medium.random.below(8));
            now[where] ^= bit;
            if (where < inode_->durable.size()) inode_->durable[where] ^= bit;
        }
        return BytesView(now).subspan(begin, size);
    }

    Access access_;
    OpenFile open_{access_.host};
    std::string path_;
    std::shared_ptr<Inode> inode_;
    bool writable_;
};

class SimLock final : public DiskLock {
public:
    SimLock(Access access, std::string path) : access_(access), path_(std::move(path)) {}
    SimLock(const SimLock&) = delete;
    SimLock& operator=(const SimLock&) = delete;
    ~SimLock() override {
        if (!access_.host.dying) access_.medium.locks.erase(path_);
    }

private:
    Access access_;
    std::string path_;
};

class SimDisk final : public Disk {
public:
    explicit SimDisk(Access access) : access_(access) {}

    DiskResult<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path);
        if (access_.strikes(access_.engine.disk_faults.open_error, path))
            return fault(DiskFault::out_of_descriptors, "open", path, "too many open files");
        auto inode = find_or_create(path, mode);
        if (!inode) return inode.error();
        return std::make_unique<SimFile>(access_, path, std::move(*inode),
                                         mode != OpenMode::read_only);
    }

    DiskResult<> rename(const std::string& from, const std::string& to) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(from);
        Names& names = access_.medium.names();
        const auto found = names.find(from);
        if (found == names.end()) return fault(DiskFault::not_found, "rename", from, "not found");
        if (directory_of(from) != directory_of(to) || access_.medium.is_directory(to))
            return fault(DiskFault::denied, "rename", from,
                         "only within a directory, and to no other");
        change(path_digest(from));
        change(path_digest(to));
        access_.medium.rename(from, to);
        return {};
    }

    DiskResult<> remove(const std::string& path) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path);
        Names& names = access_.medium.names();
        const auto found = names.find(path);
        if (found == names.end()) return fault(DiskFault::not_found, "remove", path, "not found");
        const auto inner = names.lower_bound(path + "/");
        if (found->second.file == nullptr && inner != names.end() &&
            inner->first.starts_with(path + "/"))
            return fault(DiskFault::exists, "remove", path, "directory not empty");
        change(path_digest(path));
        access_.medium.unlink(path);
        return {};
    }

    DiskResult<std::vector<DirectoryEntry>> list(const std::string& path) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path);
        if (!access_.medium.is_directory(path))
            return fault(DiskFault::not_found, "list", path, "not found");
        const std::string prefix = path == "/" ? path : path + "/";
        std::vector<DirectoryEntry> entries;
        for (const auto& [name, node] : access_.medium.names()) {
            if (name.size() > prefix.size() && name.starts_with(prefix) &&
                name.find('/', prefix.size()) == std::string::npos)
                entries.push_back({name.substr(prefix.size()), node.file == nullptr});
        }
        std::ranges::sort(entries);
        return entries;
    }

    DiskResult<> create_directories(const std::string& path) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path);
        for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
            const std::string part = path.substr(0, end);
            if (access_.medium.names().contains(part)) {
                if (!access_.medium.is_directory(part))
                    return fault(DiskFault::denied, "create directory", part, "it is a file");
            } else {
                change(path_digest(part));
                access_.medium.link(part, {});
            }
            if (end == std::string::npos) return {};
        }
    }

    void sync_directory(const std::string& path, DiskDone<> done) override {
        const PortCall call(access_.host);
        if (call.dead()) return;
        access_.later(What::sync, [access = access_, path,
                                   changes = access_.medium.pending_names(path),
                                   done = std::move(done)]() mutable {
            if (!access.medium.is_directory(path))
                return done(fault(DiskFault::not_found, "sync directory", path, "not found"));
            if (access.strikes(access.engine.disk_faults.sync_error, path))
                return done(fault(DiskFault::failed, "sync directory", path, "input/output error"));
            access.medium.settle_names(path, changes);
            done({});
        });
    }

    void bring_in(const FileSlice& slice, DiskDone<> done) override {
        const PortCall call(access_.host);
        if (call.dead()) return;
        auto* file = dynamic_cast<SimFile*>(slice.file.get());
        MOLDAU_CHECK(file != nullptr, "a file of another disk");
        file->bring_in(slice.at, slice.bytes, std::move(done));
    }

    DiskResult<DiskSpace> space(const std::string& path) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path);
        if (!access_.medium.names().contains(path))
            return fault(DiskFault::not_found, "statvfs", path, "not found");
        const std::uint64_t most = access_.engine.disk_faults.bytes_max;
        const std::uint64_t used = std::min(access_.medium.bytes_used(), most);
        return DiskSpace{.bytes_total = most, .bytes_free = most - used};
    }

    DiskResult<std::unique_ptr<DiskLock>> lock(const std::string& path) override {
        const PortCall call(access_.host);
        if (call.dead()) return dead(path);
        auto inode = find_or_create(path, OpenMode::create_if_none);
        if (!inode) return inode.error();
        if (!access_.medium.locks.insert(path).second)
            return fault(DiskFault::locked, "lock", path, "locked already");
        return std::make_unique<SimLock>(access_, path);
    }

private:
    static std::uint64_t path_digest(const std::string& path) { return crc32c(as_bytes(path)); }
    void change(std::uint64_t of_path) {
        access_.engine.trace(What::name_change, of_path, access_.host.id);
    }

    DiskResult<std::shared_ptr<Inode>> find_or_create(const std::string& path, OpenMode mode) {
        Names& names = access_.medium.names();
        if (const auto found = names.find(path); found != names.end()) {
            if (found->second.file == nullptr)
                return fault(DiskFault::denied, "open", path, "it is a directory");
            if (mode == OpenMode::create_new)
                return fault(DiskFault::exists, "create", path, "exists");
            return found->second.file;
        }
        if (mode == OpenMode::read_only || mode == OpenMode::existing ||
            !access_.medium.is_directory(directory_of(path)))
            return fault(DiskFault::not_found, "open", path, "not found");
        change(path_digest(path));
        auto inode = std::make_shared<Inode>();
        access_.medium.link(path, {inode});
        return inode;
    }

    Access access_;
};

}  // namespace

std::unique_ptr<Disk> make_disk(Engine& engine, Host& host, Medium& medium) {
    return std::make_unique<SimDisk>(Access{engine, host, medium});
}

}  // namespace moldau::sim
