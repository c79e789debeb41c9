// A consumer group of the classic protocol with many members, each over a connection of its own: it
// comes to rest when all of them have their part of one generation.
#pragma once

#include "figures.hpp"
#include "options.hpp"

#include "moldau/client/cluster.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau::load {

/// What a member knows of itself.
struct Member {
    client::ConnectionPtr connection;
    std::string id;
    std::int32_t generation = -1;  // that it has its part of; -1: none, or it joins again
    MonoTime entered;              // when it got that
};

class MemberGroup {
public:
    /// `name` is the group's id. The parts that the leader gives are one partition of `topic` each.
    MemberGroup(client::Cluster& cluster, Transport& transport, std::string name, std::string topic,
                GroupOptions options);
    MemberGroup(const MemberGroup&) = delete;
    MemberGroup& operator=(const MemberGroup&) = delete;

    /// Finds the coordinator and opens all connections.
    /// Errors: what the brokers say · those of Connection::open()
    runtime::Task<Result<>> connect();

    /// From here on the members join, and live until leave().
    void start();
    /// Until the group is at rest. Errors: request_timed_out, with how many members were there ·
    /// what a broker told a member
    runtime::Task<Result<>> rest(MonoTime deadline);

    /// Ends the members' lives; they leave, and the group is deleted. What of that fails is not
    /// told: the members time out, and a group without members goes by itself.
    runtime::Task<> leave();

    const std::string& name() const { return name_; }
    std::vector<Member>& members() { return members_; }
    /// Generations that some member was in.
    std::int32_t generations() const { return last_generation_; }

private:
    enum class Next { go_on, join_again, join_later };

    runtime::Task<Result<Endpoint>> find_coordinator();
    static runtime::Task<> live(MemberGroup& self, Member& member);
    runtime::Task<Result<>> enter(Member& member);
    runtime::Task<Result<Next>> join(Member& member);
    runtime::Task<Result<Next>> get_part(Member& member, std::int32_t generation,
                                         std::vector<std::string> all);
    runtime::Task<Result<>> beat(Member& member);
    bool is_at_rest() const;
    std::size_t members_at_rest() const;
    Result<Next> judge(Member& member, ErrorCode code) const;
    Bytes part_of(std::size_t index) const;

    client::Cluster& cluster_;
    runtime::Shard& shard_;
    Transport& transport_;
    std::string name_;
    std::string topic_;
    GroupOptions options_;
    Bytes subscription_;
    Endpoint coordinator_;
    runtime::TaskGroup tasks_;
    runtime::Signal changed_;
    std::vector<Member> members_;
    std::int32_t last_generation_ = 0;
    std::optional<Error> failure_;
};

}  // namespace moldau::load
