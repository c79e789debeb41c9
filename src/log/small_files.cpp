#include "moldau/log/small_files.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>

namespace moldau::log {
namespace {

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

void read_file(Disk& disk, const std::string& path, std::size_t bytes_max, DiskDone<Bytes> done) {
    auto opened = disk.open(path, OpenMode::read_only);
    if (!opened) return done(opened.error());
    File& file = **opened;
    const auto size = file.size();
    if (!size) return done(size.error());
    if (*size > bytes_max)
        return done(DiskError{
            DiskFault::denied,
            fmt::format("read {}: {} bytes, at most {} are expected", path, *size, bytes_max)});
    BytesBuilder room(*size);
    auto got = file.try_read(0, {room.data(), *size});
    if (!got) return done(got.error());
    if (!got->would_block) return done(std::move(room).publish(got->bytes));
    // Submitted operations hold the file open.
    file.read(0, *size, std::move(done));
}

DiskResult<> write_file(Disk& disk, const std::string& path, BytesView content) {
    auto file = disk.open(path, OpenMode::create_if_none);
    if (!file) return file.error();
    if (auto ok = (*file)->truncate(0); !ok) return ok;
    const std::array pieces{content};
    return (*file)->write(0, pieces);
}

void replace_file(Disk& disk, const std::string& path, const Bytes& content, DiskDone<> done) {
    const std::string temporary = path + ".tmp";
    if (auto written = write_file(disk, temporary, content); !written) return done(written.error());
    auto opened = disk.open(temporary, OpenMode::existing);
    if (!opened) return done(opened.error());
    (*opened)->sync([&disk, path, temporary, done = std::move(done)](DiskResult<> synced) mutable {
        if (!synced) return done(synced.error());
        if (auto renamed = disk.rename(temporary, path); !renamed) return done(renamed.error());
        disk.sync_directory(directory_of(path), std::move(done));
    });
}

}  // namespace moldau::log
