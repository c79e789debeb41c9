#include "byte_source.hpp"

#include <algorithm>

namespace moldau::log {

Maybe<BytesView> ByteSource::get(const std::shared_ptr<File>& file, std::uint64_t at,
                                 std::size_t count, std::size_t ahead) {
    if (error_) return *std::exchange(error_, std::nullopt);
    // The file may have grown since: what was read before serves only when it is all there.
    const auto part_of = [&](BytesView bytes, std::uint64_t from,
                             bool may_be_short) -> std::optional<BytesView> {
        if (at < from || at - from > bytes.size()) return std::nullopt;
        const BytesView rest = bytes.subspan(at - from);
        if (rest.size() < count && !may_be_short) return std::nullopt;
        return rest.first(std::min(count, rest.size()));
    };
    if (window_file_ == file.get()) {
        if (auto part = part_of(window_.view(), window_at_, false)) return part;
    }
    const bool has_fresh = std::exchange(has_fresh_piece_, false);
    for (const Piece& piece : pieces_) {
        if (piece.file != file) continue;
        const bool is_fresh = has_fresh && &piece == &pieces_.back();
        if (auto part = part_of(piece.bytes, piece.at, is_fresh)) return part;
    }
    const std::size_t asked = std::max(count, ahead);
    window_.clear();
    window_file_ = nullptr;
    auto got = file->try_read(at, window_.room(asked).first(asked));
    if (!got) return got.error();
    if (got->would_block) {
        wanted_ = Wanted{file, at, asked};
        return std::optional<BytesView>();
    }
    window_.commit(got->bytes);
    window_file_ = file.get();
    window_at_ = at;
    return std::optional(window_.view().first(std::min(count, got->bytes)));
}

void ByteSource::supply(const Wanted& wanted, DiskResult<Bytes> bytes) {
    if (!bytes) {
        error_ = bytes.error();
        return;
    }
    pieces_.push_back({wanted.file, wanted.at, std::move(*bytes)});
    has_fresh_piece_ = true;
}

void ByteSource::clear() {
    pieces_.clear();
    error_.reset();
    wanted_.reset();
    window_.clear();
    window_file_ = nullptr;
}

void Operation::run(const std::weak_ptr<void>& alive) {
    if (alive.expired()) return;
    Step next = Step::again;
    while (next == Step::again) next = step();
    if (next != Step::wait) return;
    auto wanted = source_.take_wanted();
    MOLDAU_CHECK(wanted.has_value(), "an operation waits for nothing");
    File& file = *wanted->file;
    const std::uint64_t at = wanted->at;
    const std::size_t count = wanted->count;
    file.read(at, count,
              [self = shared_from_this(), alive,
               wanted = std::move(*wanted)](DiskResult<Bytes> bytes) mutable {
                  self->source_.supply(wanted, std::move(bytes));
                  self->run(alive);
              });
}

}  // namespace moldau::log
