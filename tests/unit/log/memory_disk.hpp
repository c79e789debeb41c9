// A disk in memory, without crashes: for what does not depend on the device. Submitted operations
// end when the test calls run(). What must fail or be cold, the test says.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/ports/file_slice.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moldau::log {

class MemoryDisk final : public Disk {
public:
    using Content = std::shared_ptr<std::vector<std::byte>>;
    /// Asked before each operation: "write", "sync", "open", "read", "rename", "remove",
    /// "truncate", "sync directory".
    std::function<std::optional<DiskFault>(std::string_view operation, const std::string& path)>
        fail;
    bool cold = false;  // try_read always would block
    std::uint64_t bytes_max = ~std::uint64_t{0};
    std::size_t open_files = 0;
    std::vector<std::string> calls;  // writes, one entry each

    /// Ends what was submitted, and what that submits; at most `most` of it.
    void run(int most = std::numeric_limits<int>::max()) {
        for (; most > 0 && !pending_.empty(); --most) {
            auto next = std::move(pending_.front());
            pending_.pop_front();
            next();
        }
    }
    /// Ends what was submitted last: a device keeps no order.
    void run_newest() {
        auto next = std::move(pending_.back());
        pending_.pop_back();
        next();
    }
    /// As a process that dies: nobody calls back.
    void drop_submitted() { pending_.clear(); }
    std::map<std::string, Content>& files() { return files_; }
    std::string text(const std::string& path) const {
        const auto found = files_.find(path);
        if (found == files_.end()) return "(absent)";
        return std::string(as_text(*found->second));
    }
    void put(const std::string& path, std::string_view text) {
        const BytesView bytes = as_bytes(text);
        files_[path] = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
    }

    DiskResult<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        if (auto error = failed("open", path)) return *error;
        const auto found = files_.find(path);
        if (found == files_.end()) {
            if (mode == OpenMode::read_only || mode == OpenMode::existing)
                return DiskError{DiskFault::not_found, "open " + path};
            files_[path] = std::make_shared<std::vector<std::byte>>();
        } else if (mode == OpenMode::create_new) {
            return DiskError{DiskFault::exists, "create " + path};
        }
        return std::make_unique<MemoryFile>(*this, path, files_[path]);
    }
    DiskResult<> rename(const std::string& from, const std::string& to) override {
        if (auto error = failed("rename", from)) return *error;
        const auto found = files_.find(from);
        if (found == files_.end()) return rename_directory(from + "/", to + "/");
        Content content = std::move(found->second);
        files_.erase(found);
        files_[to] = std::move(content);
        return {};
    }
    DiskResult<> rename_directory(const std::string& from, const std::string& to) {
        std::map<std::string, Content> moved;
        for (const auto& [name, content] : files_) {
            if (name.starts_with(from)) moved.emplace(to + name.substr(from.size()), content);
        }
        if (moved.empty()) return DiskError{DiskFault::not_found, "rename " + from};
        std::erase_if(files_, [&](const auto& each) { return each.first.starts_with(from); });
        files_.merge(moved);
        return {};
    }
    DiskResult<> remove(const std::string& path) override {
        if (auto error = failed("remove", path)) return *error;
        if (files_.erase(path) == 0) return DiskError{DiskFault::not_found, "remove " + path};
        return {};
    }
    DiskResult<std::vector<DirectoryEntry>> list(const std::string& path) override {
        std::vector<DirectoryEntry> entries;
        for (const auto& [name, _] : files_) {
            if (name.starts_with(path + "/")) entries.push_back({name.substr(path.size() + 1)});
        }
        return entries;
    }
    DiskResult<> create_directories(const std::string&) override { return {}; }
    void sync_directory(const std::string& path, DiskDone<> done) override {
        pending_.push_back([this, path, done = std::move(done)]() mutable {
            if (auto error = failed("sync directory", path)) return done(*error);
            done({});
        });
    }
    void bring_in(const FileSlice&, DiskDone<> done) override {
        pending_.push_back([done = std::move(done)]() mutable { done({}); });
    }
    DiskResult<DiskSpace> space(const std::string&) override {
        return DiskSpace{bytes_max, bytes_max - used()};
    }
    DiskResult<std::unique_ptr<DiskLock>> lock(const std::string&) override {
        return std::make_unique<DiskLock>();
    }

private:
    class MemoryFile final : public File {
    public:
        MemoryFile(MemoryDisk& disk, std::string path, Content content)
            : disk_(disk), path_(std::move(path)), content_(std::move(content)) {
            ++disk_.open_files;
        }
        MemoryFile(const MemoryFile&) = delete;
        MemoryFile& operator=(const MemoryFile&) = delete;
        ~MemoryFile() override { --disk_.open_files; }

        DiskResult<> write(std::uint64_t at, std::span<const BytesView> pieces) override {
            if (auto error = disk_.failed("write", path_)) return *error;
            disk_.calls.push_back("write " + path_);
            for (const BytesView piece : pieces) {
                // As a real disk: what fits is written.
                const std::uint64_t room =
                    disk_.bytes_max - std::min(disk_.bytes_max, disk_.used());
                const std::uint64_t end = at + piece.size();
                const std::uint64_t grows = end > content_->size() ? end - content_->size() : 0;
                const std::size_t put = grows > room
                                            ? piece.size() - static_cast<std::size_t>(grows - room)
                                            : piece.size();
                if (at + put > content_->size()) content_->resize(at + put);
                std::copy_n(piece.begin(), put,
                            content_->begin() + static_cast<std::ptrdiff_t>(at));
                if (put < piece.size()) return DiskError{DiskFault::no_space, "write " + path_};
                at = end;
            }
            return {};
        }
        DiskResult<TryRead> try_read(std::uint64_t at, MutableBytes into) override {
            if (auto error = disk_.failed("read", path_)) return *error;
            if (disk_.cold) return TryRead{.would_block = true};
            return TryRead{.bytes = copy(at, into)};
        }
        std::size_t in_memory(std::uint64_t, std::size_t count) override {
            return disk_.cold ? 0 : count;
        }
        int descriptor() const override { return -1; }
        void read(std::uint64_t at, std::size_t count, DiskDone<Bytes> done) override {
            disk_.pending_.push_back([&disk = disk_, path = path_, content = content_, at, count,
                                      done = std::move(done)]() mutable {
                if (auto error = disk.failed("read", path)) return done(*error);
                const std::uint64_t begin = std::min<std::uint64_t>(at, content->size());
                const std::size_t size = std::min<std::size_t>(count, content->size() - begin);
                done(Bytes::copy_of(BytesView(*content).subspan(begin, size)));
            });
        }
        void sync(DiskDone<> done) override {
            disk_.pending_.push_back(
                [&disk = disk_, path = path_, done = std::move(done)]() mutable {
                    if (auto error = disk.failed("sync", path)) return done(*error);
                    done({});
                });
        }
        DiskResult<std::uint64_t> size() override { return std::uint64_t{content_->size()}; }
        DiskResult<> truncate(std::uint64_t size) override {
            if (auto error = disk_.failed("truncate", path_)) return *error;
            content_->resize(size);
            return {};
        }
        DiskResult<> preallocate(std::uint64_t size) override {
            if (content_->size() < size) content_->resize(size);
            return {};
        }

    private:
        std::size_t copy(std::uint64_t at, MutableBytes into) const {
            const std::uint64_t begin = std::min<std::uint64_t>(at, content_->size());
            const std::size_t size = std::min<std::size_t>(into.size(), content_->size() - begin);
            std::copy_n(content_->begin() + static_cast<std::ptrdiff_t>(begin), size, into.begin());
            return size;
        }
        MemoryDisk& disk_;
        std::string path_;
        Content content_;
    };

    std::optional<DiskError> failed(std::string_view operation, const std::string& path) {
        if (!fail) return std::nullopt;
        const auto fault = fail(operation, path);
        if (!fault) return std::nullopt;
        return DiskError{*fault, std::string(operation) + " " + path};
    }
    std::uint64_t used() const {
        std::uint64_t sum = 0;
        for (const auto& [_, content] : files_) sum += content->size();
        return sum;
    }

    std::map<std::string, Content> files_;
    std::deque<std::move_only_function<void()>> pending_;
};

}  // namespace moldau::log
