// Random clients, writes that are slow, fail or are lost with the process: what must hold of groups
// whatever happens (G1 to G4 of the project's reliability anchors). A failure prints its seed.
#include "groups_driver.hpp"

#include "moldau/base/xoshiro.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace moldau::coordinator {
namespace {

constexpr int kPartitions = 4;
constexpr int kClients = 5;
constexpr std::string_view kGroup = "g";

/// What a correct consumer does with the answers it gets.
struct Client {
    std::string name;
    std::optional<std::string> instance;
    std::string id;
    std::int32_t generation = -1;
    std::vector<std::string> members;  // when it leads
    bool is_leader = false;
    bool needs_join = true;
    bool needs_sync = false;
    bool is_waiting = false;    // for a join's or a sync's answer
    std::uint64_t request = 0;  // that it waits for
    std::set<int> owns;         // what its last part was, while it may use it
};

class World {
public:
    explicit World(std::uint64_t seed)
        : random_({seed, 0x9E3779B9, 0x7F4A7C15, 0xF39CC060}), driver_(settings()) {
        for (int i = 0; i < kClients; ++i) {
            Client& client = clients_.emplace_back();
            client.name = fmt::format("c{}", i);
            if (i % 2 == 0) client.instance = fmt::format("i{}", i);
        }
    }

    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            step();
            settle_replies();
            check();
            if (testing::Test::HasFatalFailure()) return;
        }
    }

    /// G4: when nothing is disturbed any more, all have their parts, and keep them.
    void calm_down() {
        driver_.holds = false;
        driver_.take({});
        settle_replies();
        for (int round = 0; round < 300; ++round) {
            for (Client& client : clients_) act(client);
            settle_replies();
            driver_.advance(std::chrono::seconds(1));
            settle_replies();
            check();
        }
        std::set<int> owned;
        std::size_t count = 0;
        for (const Client& client : clients_) {
            EXPECT_FALSE(client.needs_join || client.needs_sync || client.is_waiting)
                << client.name;
            owned.insert(client.owns.begin(), client.owns.end());
            count += client.owns.size();
        }
        EXPECT_EQ(owned.size(), std::size_t{kPartitions});
        EXPECT_EQ(count, std::size_t{kPartitions});
        EXPECT_EQ(driver_.core().describe(std::string(kGroup), 5).group.group_state, "Stable");
        // What lives and what a restart would find is the same, members and parts included.
        const Groups loaded = driver_.load();
        EXPECT_EQ(loaded.durable(), driver_.core().durable());
        EXPECT_EQ(loaded.describe(std::string(kGroup), 5).group,
                  driver_.core().describe(std::string(kGroup), 5).group);
    }

    std::size_t acked() const { return acked_count_; }
    std::int32_t generation() const { return last_generation_; }
    std::size_t zombies() const { return zombie_refused_.size(); }

private:
    static GroupSettings settings() {
        GroupSettings settings;
        settings.group_initial_rebalance_delay = std::chrono::seconds(1);
        return settings;
    }

    std::uint64_t below(std::uint64_t bound) { return random_.next() % bound; }

    void step() {
        Client& client = clients_[below(clients_.size())];
        switch (below(16)) {
            case 0:
                driver_.advance(std::chrono::milliseconds(below(4000)));
                break;
            case 1:
                driver_.holds = !driver_.holds;
                if (!driver_.holds) driver_.take({});
                break;
            case 2:
                if (!driver_.in_flight.empty()) driver_.commit_one();
                break;
            case 3:
                if (below(8) == 0) fail_writes();
                break;
            case 4:
                if (below(10) == 0) restart();
                break;
            case 5:
                if (below(4) == 0) forget_everything(client);
                break;
            case 6:
                if (below(6) == 0) leave(client);
                break;
            case 7:
            case 8:
                commit(client);
                break;
            case 9:
                if (below(4) == 0) zombie_commits(client);
                break;
            default:
                act(client);
        }
    }

    // The next thing that a consumer would do.
    void act(Client& client) {
        if (client.is_waiting) return;
        if (client.needs_join) return join(client);
        if (client.needs_sync) return sync(client);
        protocol::HeartbeatRequest request;
        request.group_id = kGroup;
        request.generation_id = client.generation;
        request.member_id = client.id;
        request.group_instance_id = client.instance;
        heard(client, driver_.core().heartbeat(driver_.now(), request).error_code);
    }

    Caller ask(Client& client, std::int16_t version) {
        Caller caller = driver_.caller(client.name, version);
        client.is_waiting = true;
        client.request = caller.request.value;
        asked_[caller.request.value] = client.name;
        return caller;
    }

    void join(Client& client) {
        client.owns.clear();  // it stops before it asks (the eager protocol)
        protocol::JoinGroupRequest request;
        request.group_id = kGroup;
        request.session_timeout_ms = 10'000;
        request.rebalance_timeout_ms = 6'000;
        request.member_id = client.id;
        request.group_instance_id = client.instance;
        request.protocol_type = "consumer";
        request.protocols.emplace_back().name = "range";
        const Caller caller = ask(client, client.name == "c1" ? 3 : 9);
        driver_.take(driver_.core().join(driver_.now(), caller, request, driver_.fresh()));
    }

    void sync(Client& client) {
        protocol::SyncGroupRequest request;
        request.group_id = kGroup;
        request.generation_id = client.generation;
        request.member_id = client.id;
        request.group_instance_id = client.instance;
        request.protocol_type = "consumer";
        request.protocol_name = "range";
        std::vector<std::string> parts(client.members.size());
        for (int i = 0; i < kPartitions && !parts.empty(); ++i)
            parts[static_cast<std::size_t>(i) % parts.size()] += static_cast<char>('0' + i);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            auto& one = request.assignments.emplace_back();
            one.member_id = client.members[i];
            one.assignment = as_bytes(parts[i]);
        }
        driver_.take(driver_.core().sync(driver_.now(), ask(client, 5), request));
    }

    void leave(Client& client) {
        if (client.is_waiting || client.id.empty()) return;
        protocol::LeaveGroupRequest request;
        request.group_id = kGroup;
        auto& one = request.members.emplace_back();
        one.member_id = client.id;
        one.group_instance_id = client.instance;
        const Caller caller = driver_.caller(client.name, 5);
        asked_[caller.request.value] = client.name;
        driver_.take(driver_.core().leave(driver_.now(), caller, request));
        begin_anew(client);
    }

    void commit(Client& client) {
        if (client.owns.empty() || client.is_waiting) return;
        send_commit(client, *client.owns.begin(), ++next_offset_);
    }

    // One that was away, and does not know that its generation is over.
    void zombie_commits(Client& client) {
        Client old = client;
        old.generation -= 1;
        // After a restart the coordinator may have gone back to a generation that it had stored.
        if (old.generation < 0 || old.id.empty() || old.generation >= last_generation_) return;
        const std::uint64_t request = send_commit(old, 0, -1);
        ASSERT_TRUE(zombie_refused_.contains(request)) << "a commit of an old generation went in";
    }

    std::uint64_t send_commit(const Client& client, int partition, std::int64_t offset) {
        protocol::OffsetCommitRequest request;
        request.group_id = kGroup;
        request.generation_id_or_member_epoch = client.generation;
        request.member_id = client.id;
        request.group_instance_id = client.instance;
        auto& topic = request.topics.emplace_back();
        topic.name = "t";
        topic.partitions.emplace_back().partition_index = partition;
        topic.partitions.front().committed_offset = offset;
        const Caller caller = driver_.caller(client.name, 9);
        asked_[caller.request.value] = client.name;
        commits_[caller.request.value] = {partition, offset};
        driver_.take(driver_.core().commit_offsets(driver_.now(), caller, request));
        settle_replies();
        return caller.request.value;
    }

    void begin_anew(Client& client) {
        const std::string name = client.name;
        const auto instance = client.instance;
        client = Client{};
        client.name = name;
        client.instance = instance;
    }

    // The client's process dies and begins anew.
    void forget_everything(Client& client) { begin_anew(client); }

    void fail_writes() {
        driver_.fail_all(ErrorCode::not_enough_replicas);
        settle_replies();
        const auto described = driver_.core().describe(std::string(kGroup), 5);
        if (described.group.group_state == "Dead") last_generation_ = 0;  // it was never stored
    }

    // The broker's process dies: nothing of what waits is ever answered.
    void restart() {
        driver_.restart();
        driver_.replies.clear();
        asked_.clear();
        for (Client& client : clients_) {
            if (client.is_waiting) client.needs_join = true;
            client.is_waiting = false;
        }
        last_generation_ = 0;  // what was not stored is forgotten
    }

    void heard(Client& client, ErrorCode error) {
        if (error == ErrorCode::none) return;
        client.needs_join = true;
        client.needs_sync = false;
        if (error == ErrorCode::unknown_member_id || error == ErrorCode::fenced_instance_id) {
            client.owns.clear();
            client.id.clear();
            client.generation = -1;
        }
    }

    void settle_replies() {
        for (Reply& reply : std::exchange(driver_.replies, {})) {
            const std::uint64_t request = reply.request.value;
            ASSERT_EQ(asked_.count(request), 1U) << "answered twice, or never asked";
            Client& client = *std::ranges::find(clients_, asked_.at(request), &Client::name);
            asked_.erase(request);
            std::visit([&](auto& response) { settle(client, request, response); }, reply.response);
        }
    }

    void settle(Client& client, std::uint64_t request,
                const protocol::JoinGroupResponse& response) {
        if (client.request != request) return;  // of a process that is no more
        client.is_waiting = false;
        if (response.error_code == ErrorCode::member_id_required) client.id = response.member_id;
        if (response.error_code != ErrorCode::none) {
            if (response.error_code != ErrorCode::member_id_required)
                heard(client, response.error_code);
            return;
        }
        // G2, while the coordinator lives.
        EXPECT_GE(response.generation_id, last_generation_);
        last_generation_ = response.generation_id;
        client.id = response.member_id;
        client.generation = response.generation_id;
        client.is_leader = response.leader == response.member_id && !response.skip_assignment;
        client.members.clear();
        if (client.is_leader) {
            for (const auto& member : response.members) client.members.push_back(member.member_id);
        }
        client.needs_join = false;
        client.needs_sync = true;
    }

    void settle(Client& client, std::uint64_t request,
                const protocol::SyncGroupResponse& response) {
        if (client.request != request) return;
        client.is_waiting = false;
        client.needs_sync = false;
        if (response.error_code != ErrorCode::none) return heard(client, response.error_code);
        client.owns.clear();
        for (const char c : as_text(response.assignment)) client.owns.insert(c - '0');
    }

    void settle(Client&, std::uint64_t request, const protocol::OffsetCommitResponse& response) {
        const auto error = response.topics.front().partitions.front().error_code;
        const auto [partition, offset] = commits_.at(request);
        if (offset == -1 && error != ErrorCode::none) zombie_refused_.insert(request);
        if (error != ErrorCode::none) return;
        ++acked_count_;
        acked_[partition] = std::max(acked_[partition], offset);
    }

    void settle(Client&, std::uint64_t, const auto&) {}

    void check() {
        // G1: of those whom the coordinator would let commit, no two own a partition.
        std::map<int, std::string> owners;
        for (const Client& client : clients_) {
            if (client.owns.empty() || !is_current(client)) continue;
            for (const int partition : client.owns) {
                const auto [owner, is_first] = owners.try_emplace(partition, client.name);
                ASSERT_TRUE(is_first)
                    << partition << ": " << owner->second << " and " << client.name;
            }
        }
        // G3: offsets grow in this world, so what was acked is there, or more.
        for (const auto& [partition, offset] : acked_) {
            protocol::OffsetFetchRequest::OffsetFetchRequestGroup request;
            request.group_id = kGroup;
            auto& topic = request.topics->emplace_back();
            topic.name = "t";
            topic.partition_indexes.push_back(partition);
            const auto fetched = driver_.core().fetch_offsets(request);
            ASSERT_GE(fetched.topics.front().partitions.front().committed_offset, offset);
        }
        // A coordinator that loads the log has what the one that lives has.
        if (++checks_ % 16 != 0) return;
        ASSERT_EQ(driver_.load().durable(), driver_.core().durable());
    }

    // Without touching the session: a look at what is described.
    bool is_current(const Client& client) {
        const auto described = driver_.core().describe(std::string(kGroup), 5);
        const bool is_member =
            std::ranges::any_of(described.group.members,
                                [&](const auto& member) { return member.member_id == client.id; });
        return is_member && client.generation == last_generation_;
    }

    Xoshiro256 random_;
    GroupsDriver driver_;
    std::vector<Client> clients_;
    std::map<std::uint64_t, std::string> asked_;
    std::map<std::uint64_t, std::pair<int, std::int64_t>> commits_;
    std::set<std::uint64_t> zombie_refused_;
    std::map<int, std::int64_t> acked_;
    std::size_t acked_count_ = 0;
    std::int64_t next_offset_ = 0;
    std::int32_t last_generation_ = 0;
    std::size_t checks_ = 0;
};

TEST(GroupsProperty, HoldWhateverHappens) {
    std::size_t acked = 0;
    std::size_t zombies = 0;
    std::int32_t generations = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(fmt::format("seed={}", seed));
        World world(seed);
        world.run(400);
        if (HasFailure()) return;
        world.calm_down();
        if (HasFailure()) return;
        acked += world.acked();
        zombies += world.zombies();
        generations += world.generation();
    }
    // Worlds in which nothing happens would prove nothing.
    EXPECT_GT(acked, 60U);
    EXPECT_GT(zombies, 60U);
    EXPECT_GT(generations, 60 * 3);
    fmt::print("acked={} zombies={} generations={}\n", acked, zombies, generations);
}

}  // namespace
}  // namespace moldau::coordinator
