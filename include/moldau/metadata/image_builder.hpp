// Records of the metadata log, one after another, → images. Live and at load it is the same code.
#pragma once

#include "moldau/metadata/cluster_image.hpp"
#include "moldau/metadata/records.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace moldau::metadata {

/// What differs between two images that one builder gave: at least what changed, at times more
/// (what an aborted transaction touched).
struct ImageChanges {
    bool features = false;
    bool nodes = false;     // brokers, controllers
    std::set<Uuid> topics;  // added, changed or removed
    std::set<ConfigResource> configs;
    bool security = false;  // ACLs, SCRAM users, delegation tokens
    bool quotas = false;

    bool empty() const {
        return !features && !nodes && topics.empty() && configs.empty() && !security && !quotas;
    }
};

/// Applying is total: a record that contradicts the image (it changes what is not there) changes
/// nothing and is counted.
class ImageBuilder {
public:
    explicit ImageBuilder(ClusterImage from = {}) : image_(std::move(from)) {}

    void apply(const MetadataRecord& record);
    /// The records of a batch were applied: images rest on it from now on, unless it stands within
    /// a transaction that has not ended.
    void end_batch(const Provenance& provenance);

    /// What is in force: a transaction's records are when it has ended, all at once (KIP-868).
    const ClusterImage& image() const { return image_; }
    /// As image(), to be shared.
    std::shared_ptr<const ClusterImage> share() const {
        return std::make_shared<const ClusterImage>(image_);
    }
    bool is_in_transaction() const { return transaction_.has_value(); }
    /// With the records of a transaction that has not ended: what the next decision is to rest on.
    const ClusterImage& newest() const { return transaction_ ? *transaction_ : image_; }

    /// What changed since the last call. Within a transaction: nothing yet.
    ImageChanges take_changes();

    struct Contradictions {
        std::uint64_t count = 0;
        std::string first;  // for the operator
    };
    const Contradictions& contradictions() const { return contradictions_; }

private:
    void replay(const protocol::RegisterBrokerRecord& record);
    void replay(const protocol::UnregisterBrokerRecord& record);
    void replay(const protocol::TopicRecord& record);
    void replay(const protocol::PartitionRecord& record);
    void replay(const protocol::ConfigRecord& record);
    void replay(const protocol::PartitionChangeRecord& record);
    void replay(const protocol::FenceBrokerRecord& record);
    void replay(const protocol::UnfenceBrokerRecord& record);
    void replay(const protocol::RemoveTopicRecord& record);
    void replay(const protocol::DelegationTokenRecord& record);
    void replay(const protocol::UserScramCredentialRecord& record);
    void replay(const protocol::FeatureLevelRecord& record);
    void replay(const protocol::ClientQuotaRecord& record);
    void replay(const protocol::ProducerIdsRecord& record);
    void replay(const protocol::BrokerRegistrationChangeRecord& record);
    void replay(const protocol::AccessControlEntryRecord& record);
    void replay(const protocol::RemoveAccessControlEntryRecord& record);
    void replay(const protocol::NoOpRecord& record);
    void replay(const protocol::ZkMigrationStateRecord& record);
    void replay(const protocol::RemoveUserScramCredentialRecord& record);
    void replay(const protocol::BeginTransactionRecord& record);
    void replay(const protocol::EndTransactionRecord& record);
    void replay(const protocol::AbortTransactionRecord& record);
    void replay(const protocol::RemoveDelegationTokenRecord& record);
    void replay(const protocol::RegisterControllerRecord& record);
    void replay(const protocol::ClearElrRecord& record);
    void replay(const protocol::UnregisterControllerRecord& record);
    void keep(const UnknownRecord& record, std::int16_t version);

    ClusterImage& target() { return transaction_ ? *transaction_ : image_; }
    void clear_elr(const Uuid& topic_id, const Topic& topic);
    void set_partition(const Uuid& topic_id, const Topic& topic, std::int32_t partition,
                       Partition value);
    void change_broker(std::int32_t id, std::int64_t epoch, std::string_view record,
                       const protocol::BrokerRegistrationChangeRecord& change);
    void contradiction(std::string what);

    ClusterImage image_;
    std::optional<ClusterImage> transaction_;  // shares with image_ what it did not change
    ImageChanges changes_;
    Contradictions contradictions_;
};

/// The partition after a change: what the record does not name stays; the partition epoch grows by
/// one, the leader epoch when a leader is named.
Partition changed(const Partition& before, const protocol::PartitionChangeRecord& change);

}  // namespace moldau::metadata
