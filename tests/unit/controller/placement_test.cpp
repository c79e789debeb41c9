#include "moldau/controller/placement.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace moldau::controller {
namespace {

metadata::ClusterImage brokers(const std::vector<std::string>& racks, std::set<int> fenced = {}) {
    metadata::ClusterImage image;
    for (int id = 0; id < static_cast<int>(racks.size()); ++id) {
        metadata::BrokerRegistration broker;
        broker.rack = racks[static_cast<std::size_t>(id)];
        broker.fenced = fenced.contains(id);
        image.brokers.set(BrokerId{id}, broker);
    }
    return image;
}

TEST(Placement, GivesEachBrokerItsShareAndNoPartitionTwice) {
    const auto image = brokers({"", "", "", "", ""});
    const auto placed = place_replicas(image, 50, 3, 12345);
    ASSERT_TRUE(placed);
    ASSERT_EQ(placed->size(), 50U);
    std::map<std::int32_t, int> leads;
    std::map<std::int32_t, int> holds;
    for (const auto& replicas : *placed) {
        ++leads[replicas.at(0).value];
        std::set<std::int32_t> distinct;
        for (const BrokerId id : replicas) {
            distinct.insert(id.value);
            ++holds[id.value];
        }
        EXPECT_EQ(distinct.size(), 3U);
    }
    for (int id = 0; id < 5; ++id) {
        EXPECT_EQ(leads[id], 10) << id;
        EXPECT_EQ(holds[id], 30) << id;
    }
}

TEST(Placement, SpreadsTwoReplicasOverTwoRacks) {
    const auto image = brokers({"a", "a", "b", "b"});
    const auto placed = place_replicas(image, 4, 2, 0);
    ASSERT_TRUE(placed);
    for (const auto& replicas : *placed) EXPECT_NE(replicas[0].value / 2, replicas[1].value / 2);
}

TEST(Placement, TakesFencedBrokersLastAndNeverFirst) {
    const auto image = brokers({"", "", ""}, {0, 2});
    const auto one = place_replicas(image, 6, 1, 3);
    ASSERT_TRUE(one);
    for (const auto& replicas : *one) EXPECT_EQ(replicas, std::vector<BrokerId>{BrokerId{1}});
    const auto three = place_replicas(image, 6, 3, 3);
    ASSERT_TRUE(three);
    for (const auto& replicas : *three) {
        EXPECT_EQ(replicas[0], BrokerId{1});
        EXPECT_NE(replicas[1], replicas[2]);
    }
}

TEST(Placement, LeavesOutBrokersAllOfWhoseLogDirectoriesAreCordoned) {
    auto image = brokers({"", "", ""}, {2});
    const auto cordon = [&image](std::int32_t id, std::vector<Uuid> all,
                                 std::optional<std::vector<Uuid>> cordoned) {
        metadata::BrokerRegistration broker = *image.brokers.find(BrokerId{id});
        broker.directories = std::move(all);
        broker.cordoned_directories = std::move(cordoned);
        image.brokers.set(BrokerId{id}, broker);
    };
    const auto who_gets_one = [&image] {
        std::set<std::int32_t> who;
        const auto placed = place_replicas(image, 6, 1, 3);
        if (!placed) return who;
        for (const auto& replicas : *placed) who.insert(replicas.at(0).value);
        return who;
    };
    const Uuid a{1, 1}, b{1, 2};
    cordon(0, {a, b}, std::vector{a});
    cordon(1, {Uuid{2, 1}}, std::nullopt);
    EXPECT_EQ(who_gets_one(), (std::set{0, 1}));
    cordon(0, {a, b}, std::vector{a, b});
    EXPECT_EQ(who_gets_one(), std::set{1});
    ASSERT_TRUE(place_replicas(image, 1, 2, 0)) << "the fenced one has room";
    cordon(2, {Uuid{3, 1}}, std::vector{Uuid{3, 1}});
    const auto none = place_replicas(image, 1, 2, 0);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::invalid_replication_factor);
    cordon(0, {a}, std::vector{a, b});
    cordon(1, {}, std::vector<Uuid>());
    EXPECT_EQ(who_gets_one(), std::set{1}) << "what registered no directories has no cordoned ones";
}

TEST(Placement, OfMoreReplicasThanBrokersIsRefused) {
    for (const auto& image : {brokers({"", ""}), brokers({"", "", ""}, {0, 1, 2}), brokers({})}) {
        const auto placed = place_replicas(image, 1, 3, 0);
        ASSERT_FALSE(placed);
        EXPECT_EQ(placed.error().code, ErrorCode::invalid_replication_factor);
    }
}

}  // namespace
}  // namespace moldau::controller
