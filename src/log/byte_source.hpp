// Reading of files for operations that must not wait: what is in memory is had at once, what is not
// is submitted, and the operation is run again from its last safe point when it is there.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/record/growing_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace moldau::log {

/// An error, a value, or nothing: wait until what was submitted is there and ask again.
template <class T>
using Maybe = DiskResult<std::optional<T>>;

class ByteSource {
public:
    /// What was not in memory, to be submitted.
    struct Wanted {
        std::shared_ptr<File> file;
        std::uint64_t at = 0;
        std::size_t count = 0;
    };

    /// Bytes [at, at + count), fewer only when the file ends before; read with `ahead` bytes, if
    /// that is more. The view lives until the next get() or clear().
    Maybe<BytesView> get(const std::shared_ptr<File>& file, std::uint64_t at, std::size_t count,
                         std::size_t ahead = 0);

    /// Set when get() returned nothing.
    std::optional<Wanted> take_wanted() { return std::exchange(wanted_, std::nullopt); }
    /// What was wanted has come: it is kept until clear(), so that asking again makes progress even
    /// when memory forgets it meanwhile.
    void supply(const Wanted& wanted, DiskResult<Bytes> bytes);
    void clear();
    /// For who goes on from here: only what came last may serve still.
    void drop_pieces_but_last() {
        if (pieces_.size() > 1) pieces_.erase(pieces_.begin(), pieces_.end() - 1);
    }

private:
    struct Piece {
        std::shared_ptr<File> file;
        std::uint64_t at = 0;
        Bytes bytes;
    };

    std::vector<Piece> pieces_;
    bool has_fresh_piece_ = false;  // the last one came since the last get()
    std::optional<DiskError> error_;
    std::optional<Wanted> wanted_;
    // What was read last from memory.
    record::GrowingBuffer window_;
    const File* window_file_ = nullptr;
    std::uint64_t window_at_ = 0;
};

/// Something that may have to wait for the disk several times.
class Operation : public std::enable_shared_from_this<Operation> {
public:
    virtual ~Operation() = default;
    Operation() = default;
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    /// Steps until the end or until the disk is waited for. `alive` is the owner's: when it is gone
    /// the operation ends where it stands.
    void run(const std::weak_ptr<void>& alive);

protected:
    enum class Step : std::uint8_t { again, wait, wait_elsewhere, done };
    /// wait: what source() wanted. wait_elsewhere: it has arranged for run() itself.
    virtual Step step() = 0;
    ByteSource& source() { return source_; }

private:
    ByteSource source_;
};

}  // namespace moldau::log
