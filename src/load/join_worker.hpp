// One group whose members join at the same moment, until it is at rest.
#pragma once

#include "member_group.hpp"
#include "worker.hpp"

#include <string>

namespace moldau::load {

class JoinWorker final : public Worker {
public:
    JoinWorker(client::Cluster& cluster, Transport& transport, std::string group,
               JoinOptions options);

    /// The members are connected afterwards.
    runtime::Task<Result<>> prepare() override;
    runtime::Task<Result<>> run(MonoTime start) override;
    runtime::Task<> stop() override;

private:
    runtime::Shard& shard_;
    JoinOptions options_;
    MemberGroup group_;
};

}  // namespace moldau::load
