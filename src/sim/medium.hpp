// A disk as it survives processes: what is in the page cache, what is durable, and what a crash
// makes of the difference.
#pragma once

#include "engine.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace moldau::sim {

inline constexpr std::uint64_t kSectorBytes = 512;
inline constexpr std::uint64_t kPageBytes = 4096;

using Sectors = std::set<std::uint64_t>;

/// A file: `now` is what programs see, `durable` what is left after a loss of power.
struct Inode {
    std::vector<std::byte> now;
    std::vector<std::byte> durable;
    Sectors dirty;                             // differ, or may
    std::map<std::uint64_t, Sectors> syncing;  // by the number of a sync that has not ended
    std::uint64_t next_sync = 0;
    // Of syncs that failed: they count as clean, and may leave the page cache at any time. They
    // leave it with the process.
    Sectors lost;
    Sectors hot;  // that someone was told are in memory

    /// The process has died: sectors of syncs that will not end are dirty again, those of failed
    /// ones are read from the device, as they were.
    void close();
    void mark(std::uint64_t at, std::uint64_t count);
    void told_hot(std::uint64_t at, std::uint64_t count);
    bool is_told_hot(std::uint64_t at, std::uint64_t count) const;
    /// Makes `sectors` durable as they are now.
    void settle(const Sectors& sectors);
};

struct Node {
    std::shared_ptr<Inode> file;  // null: a directory
};
using Names = std::map<std::string, Node>;

class Medium {
public:
    Medium(const Engine& engine, const std::string& name);

    Names& names() { return now_; }
    bool is_directory(const std::string& path) const;

    // Changes of names: seen at once, durable by settle_names of the directory.
    void link(const std::string& path, Node node);
    void unlink(const std::string& path);
    /// A directory goes with all that is in it. What is linked into a directory of its former name
    /// must not come before that name's directory was synced: names are paths here, and no crash
    /// may bring the two together.
    void rename(const std::string& from, const std::string& to);
    /// How many changes there are in `directory`; settle_names() with it makes those durable.
    std::size_t pending_names(const std::string& directory) const;
    void settle_names(const std::string& directory, std::size_t changes);

    std::uint64_t bytes_used() const { return bytes_used_; }
    /// Sets the size of a file in the page cache; the caller has looked for room.
    void resize(Inode& inode, std::uint64_t size);

    /// The process has died. Power: of what was not synced, a random part is kept, sector by
    /// sector, in any order; of the changes of names in a directory, a prefix.
    void crash(CrashKind kind);

    std::set<std::string> locks;
    SeededRandom random;

private:
    struct NameChange {
        std::string directory;
        std::string removed;  // either may be empty; both: a rename, in one step
        std::string added;
        Node node;
    };
    static void apply(Names& names, const NameChange& change);
    void change(NameChange change);
    void lose(Inode& inode, std::uint32_t keep_chance);

    Names now_;
    Names durable_;
    std::vector<NameChange> pending_;
    std::uint64_t bytes_used_ = 0;
};

std::string directory_of(const std::string& path);

}  // namespace moldau::sim
