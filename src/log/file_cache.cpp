#include "moldau/log/file_cache.hpp"

#include <utility>

namespace moldau::log {

void FileCache::Slot::reset() {
    if (file_ == nullptr) return;
    cache_->spare_.splice(cache_->spare_.begin(), cache_->recent_, place_);
    file_.reset();
}

FileCache::~FileCache() {
    close_down_to(0);
}

void FileCache::touch(Slot& slot) {
    slot.used_ = true;
    recent_.splice(recent_.begin(), recent_, slot.place_);
}

void FileCache::close_down_to(std::size_t files) {
    while (recent_.size() > files) recent_.back()->reset();
}

void FileCache::sweep() {
    for (auto place = recent_.begin(); place != recent_.end();) {
        Slot& slot = **place++;
        if (!std::exchange(slot.used_, false)) slot.reset();
    }
    spare_.clear();
}

DiskResult<std::shared_ptr<File>> FileCache::open(Slot& slot, OpenMode mode,
                                                  const std::string& path) {
    if (files_max_ > 0) close_down_to(files_max_ - 1);
    auto file = disk_.open(path, mode);
    if (!file && file.error().fault == DiskFault::out_of_descriptors) {
        close_down_to(recent_.size() / 2);
        file = disk_.open(path, mode);
    }
    if (!file) return file.error();
    slot.cache_ = this;
    slot.file_ = std::move(*file);
    if (spare_.empty()) spare_.emplace_front();
    recent_.splice(recent_.begin(), spare_, spare_.begin());
    recent_.front() = &slot;
    slot.place_ = recent_.begin();
    slot.used_ = true;
    return slot.file_;
}

}  // namespace moldau::log
