// An image → the records that make it: what a snapshot holds.
#pragma once

#include "moldau/metadata/cluster_image.hpp"
#include "moldau/metadata/records.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace moldau::metadata {

/// The records that, applied to an empty image, make this one, some at a time: a large image's take
/// longer than a shard may be held up. `image` outlives the walk, and so do the records' views.
/// In Kafka's order: features with metadata.version first, nodes, topics, configs, quotas, producer
/// ids, ACLs, SCRAM users, delegation tokens; then what we do not know.
class ImageRecords {
public:
    using Take = std::function<Result<>(const MetadataRecord&)>;
    explicit ImageRecords(const ClusterImage& image);

    /// Calls `take` with the next records, about `count` of them; false when those were the last.
    /// Stops at the first error of `take` and returns it; then the walk is over.
    Result<bool> next(std::size_t count, const Take& take);

private:
    struct Parts;
    template <class Map>
    using At = typename Map::Iterator;

    const ClusterImage& image_;
    std::size_t part_ = 0;
    At<PersistentMap<Uuid, Topic>> topic_;
    At<PersistentMap<std::int32_t, Partition>> partition_;
    bool is_in_topic_ = false;
    At<PersistentMap<ConfigResource, Configs>> config_;
    At<PersistentMap<Uuid, AccessControlEntry>> acl_;
    At<PersistentMap<std::int64_t, KeptRecord>> kept_;
};

/// All of them at once.
Result<> for_each_record(const ClusterImage& image, const ImageRecords::Take& take);

/// The same for all images that say the same, on every node (RELIABILITY's R8).
std::uint64_t hash_of(const ClusterImage& image);

}  // namespace moldau::metadata
