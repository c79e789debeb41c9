#include "medium.hpp"

#include "moldau/base/check.hpp"

#include <algorithm>
#include <utility>

namespace moldau::sim {

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

void Inode::mark(std::uint64_t at, std::uint64_t count) {
    if (count == 0) return;
    for (std::uint64_t sector = at / kSectorBytes; sector <= (at + count - 1) / kSectorBytes;
         ++sector) {
        dirty.insert(sector);
        lost.erase(sector);
    }
}

void Inode::told_hot(std::uint64_t at, std::uint64_t count) {
    for (std::uint64_t sector = at / kSectorBytes; count > 0 && sector * kSectorBytes < at + count;
         ++sector)
        hot.insert(sector);
}

bool Inode::is_told_hot(std::uint64_t at, std::uint64_t count) const {
    for (std::uint64_t sector = at / kSectorBytes; count > 0 && sector * kSectorBytes < at + count;
         ++sector) {
        if (!hot.contains(sector)) return false;
    }
    return true;
}

void Inode::close() {
    hot.clear();
    for (auto& [_, sectors] : syncing) dirty.merge(sectors);
    syncing.clear();
    for (const std::uint64_t sector : lost) {
        const std::uint64_t begin = sector * kSectorBytes;
        const std::uint64_t end = std::min(begin + kSectorBytes, std::uint64_t{now.size()});
        for (std::uint64_t at = begin; at < end; ++at)
            now[at] = at < durable.size() ? durable[at] : std::byte{0};
    }
    lost.clear();
}

void Inode::settle(const Sectors& sectors) {
    for (const std::uint64_t sector : sectors) {
        const std::uint64_t begin = sector * kSectorBytes;
        const std::uint64_t end = std::min(
            {begin + kSectorBytes, std::uint64_t{now.size()}, std::uint64_t{durable.size()}});
        for (std::uint64_t at = begin; at < end; ++at) durable[at] = now[at];
    }
}

Medium::Medium(const Engine& engine, const std::string& name)
    : random(engine.seed, "disk " + name) {
    now_["/"] = {};
    durable_["/"] = {};
}

bool Medium::is_directory(const std::string& path) const {
    const auto found = now_.find(path);
    return found != now_.end() && found->second.file == nullptr;
}

namespace {

/// `path`, where it is in directory `from`, as it is called when that is `to`.
std::string moved(const std::string& path, const std::string& from, const std::string& to) {
    const bool is_within =
        path.starts_with(from) && (path.size() == from.size() || path[from.size()] == '/');
    return is_within ? to + path.substr(from.size()) : path;
}

}  // namespace

void Medium::apply(Names& names, const NameChange& change) {
    const bool moves_directory =
        !change.removed.empty() && !change.added.empty() && change.node.file == nullptr;
    if (moves_directory) {
        const std::string prefix = change.removed + "/";
        for (auto each = names.lower_bound(prefix);
             each != names.end() && each->first.starts_with(prefix);) {
            names[moved(each->first, change.removed, change.added)] = each->second;
            each = names.erase(each);
        }
    }
    if (!change.removed.empty()) names.erase(change.removed);
    if (!change.added.empty()) names[change.added] = change.node;
}

void Medium::change(NameChange change) {
    apply(now_, change);
    pending_.push_back(std::move(change));
}

void Medium::link(const std::string& path, Node node) {
    change({.directory = directory_of(path), .added = path, .node = std::move(node)});
}

void Medium::unlink(const std::string& path) {
    if (const Node& node = now_.at(path); node.file != nullptr)
        bytes_used_ -= node.file->now.size();
    change({.directory = directory_of(path), .removed = path});
}

void Medium::rename(const std::string& from, const std::string& to) {
    const Node node = now_.at(from);
    if (const auto replaced = now_.find(to);
        replaced != now_.end() && replaced->second.file != nullptr)
        bytes_used_ -= replaced->second.file->now.size();
    if (node.file == nullptr) {
        for (NameChange& each : pending_) {
            each.directory = moved(each.directory, from, to);
            if (each.directory != to && !each.directory.starts_with(to + "/")) continue;
            each.removed = moved(each.removed, from, to);
            each.added = moved(each.added, from, to);
        }
    }
    change({.directory = directory_of(to), .removed = from, .added = to, .node = node});
}

std::size_t Medium::pending_names(const std::string& directory) const {
    return static_cast<std::size_t>(
        std::ranges::count(pending_, directory, &NameChange::directory));
}

void Medium::settle_names(const std::string& directory, std::size_t changes) {
    std::erase_if(pending_, [&](const NameChange& change) {
        if (changes == 0 || change.directory != directory) return false;
        --changes;
        apply(durable_, change);
        return true;
    });
}

void Medium::resize(Inode& inode, std::uint64_t size) {
    const std::uint64_t before = inode.now.size();
    // Unsigned arithmetic wraps, and wraps back.
    bytes_used_ += size - before;
    inode.now.resize(size);
    if (size > before) {
        inode.mark(before, size - before);
    } else {
        inode.mark(size, before - size);
    }
}

void Medium::lose(Inode& inode, std::uint32_t keep_chance) {
    const Sectors unsynced = std::exchange(inode.dirty, {});

    // The size is one more thing that may have reached the disk, or have stopped on the way.
    std::uint64_t size = inode.durable.size();
    if (inode.now.size() != size && random.chance(keep_chance))
        size = inode.now.size() < size || random.chance(500'000)
                   ? inode.now.size()
                   : random.between(size, inode.now.size());
    inode.durable.resize(size);

    Sectors kept;
    std::uint64_t page = ~std::uint64_t{0};
    bool whole_page = false;
    for (const std::uint64_t sector : unsynced) {
        if (const std::uint64_t its_page = sector * kSectorBytes / kPageBytes; its_page != page) {
            page = its_page;
            whole_page = random.chance(keep_chance);
        }
        // Pages are mostly written as a whole, but power may fail between two sectors.
        const bool torn = random.chance(200'000);
        if (torn ? random.chance(keep_chance) : whole_page) kept.insert(sector);
    }
    inode.settle(kept);
    inode.now = inode.durable;
}

void Medium::crash(CrashKind kind) {
    locks.clear();
    for (Names* names : {&now_, &durable_}) {
        for (auto& [_, node] : *names) {
            if (node.file != nullptr) node.file->close();
        }
    }
    if (kind == CrashKind::process) return;

    // Some crashes lose all, some almost nothing, some anything between.
    const std::uint32_t keep_chance =
        static_cast<std::uint32_t>(random.chance(300'000) ? 0 : random.between(0, 1'000'000));
    std::map<std::string, std::size_t> surviving;
    for (const NameChange& change : pending_) ++surviving[change.directory];
    for (auto& [_, count] : surviving) count = random.between(0, count);
    for (const NameChange& change : pending_) {
        if (surviving[change.directory] == 0) continue;
        --surviving[change.directory];
        apply(durable_, change);
    }
    pending_.clear();
    // A name in a directory whose own name was lost is lost with it (paths are in order: parents
    // come first).
    for (auto entry = durable_.begin(); entry != durable_.end();) {
        const bool orphan = entry->first != "/" && !durable_.contains(directory_of(entry->first));
        entry = orphan ? durable_.erase(entry) : std::next(entry);
    }
    // A file whose removal was not durable is here again.
    bytes_used_ = 0;
    for (auto& [path, node] : durable_) {
        if (node.file == nullptr) continue;
        lose(*node.file, keep_chance);
        bytes_used_ += node.file->now.size();
    }
    now_ = durable_;
}

}  // namespace moldau::sim
