// One group whose members commit offsets, each one commit at a time.
#pragma once

#include "member_group.hpp"
#include "pacer.hpp"
#include "worker.hpp"

#include <optional>
#include <string>

namespace moldau::load {

class CommitWorker final : public Worker {
public:
    /// `share`: which of all groups it is.
    CommitWorker(client::Cluster& cluster, Transport& transport, std::string group,
                 CommitOptions options, Share share);

    /// The group is at rest afterwards.
    runtime::Task<Result<>> prepare() override;
    runtime::Task<Result<>> run(MonoTime start) override;
    runtime::Task<> stop() override;

private:
    static runtime::Task<> commit_always(CommitWorker& self, std::size_t index);
    runtime::Task<Result<>> commit_all(std::size_t index);
    runtime::Task<Result<>> commit(std::size_t index, std::int64_t offset);
    runtime::Task<> wait_for_members();
    Share share_of(std::size_t index) const;
    std::uint64_t quota_of(Share share) const;

    client::Cluster& cluster_;
    runtime::Shard& shard_;
    CommitOptions options_;
    Share share_;
    MemberGroup group_;
    runtime::TaskGroup tasks_;
    runtime::Signal ended_;
    std::size_t running_ = 0;
    std::int32_t topic_partitions_ = 0;
    MonoTime start_;
    std::optional<MonoTime> end_;
    std::optional<Error> failure_;
};

}  // namespace moldau::load
