// The log of an echo service: appended to, made durable in groups, recovered to a prefix.
#pragma once

#include "echo_format.hpp"

#include "moldau/base/ports/disk.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/wait.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace moldau::sim {

/// Mistakes that a test makes on purpose, to show that the simulator sees them.
enum class EchoBug : std::uint8_t {
    none,
    skip_sync,            // replies once it is in the page cache
    reply_before_write,   // replies, then appends
    retry_failed_sync,    // believes the second answer
    skip_directory_sync,  // the log's name is not durable
    trust_torn_records,   // recovery does not look at the CRC
    sync_too_early,       // takes what was appended during a sync as durable by it
    echo_out_of_order,    // sometimes
};

class EchoLog {
public:
    EchoLog(runtime::Shard& shard, Disk& disk, std::string directory, EchoBug bug)
        : shard_(shard),
          disk_(disk),
          directory_(std::move(directory)),
          bug_(bug),
          appended_(shard),
          settled_(shard) {}

    /// Opens or creates the log, and finds its last whole record; what is behind it is cut off.
    /// `replayed` is told of every record that is found.
    using Replayed = std::function<void(const EchoMessage&)>;
    runtime::Task<DiskResult<>> open(Replayed replayed);

    /// Appends unless it is there already; returns where the log must be durable up to. Only the
    /// client's next sequence is taken.
    DiskResult<std::uint64_t> append(const EchoMessage& message);
    runtime::Task<Result<>> until_durable(std::uint64_t end);
    /// Makes durable what is appended, many appends by one sync, until the disk fails.
    runtime::Task<> keep_durable();

    /// Last sequence of each client.
    const std::map<std::uint64_t, std::uint64_t>& last_sequences() const { return last_; }
    bool failed() const { return failed_; }

private:
    runtime::Task<DiskResult<std::string>> read_all();
    DiskResult<> recover(const std::string& bytes, const Replayed& replayed);
    DiskResult<> make_room();

    runtime::Shard& shard_;
    Disk& disk_;
    std::string directory_;
    EchoBug bug_;
    std::unique_ptr<File> file_;
    std::map<std::uint64_t, std::uint64_t> last_;
    std::uint64_t end_ = 0;
    std::uint64_t durable_end_ = 0;
    std::uint64_t allocated_ = 0;
    bool failed_ = false;
    runtime::Signal appended_;
    runtime::Signal settled_;  // durable_end_ or failed_ has changed
};

}  // namespace moldau::sim
