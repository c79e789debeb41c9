// A broker of the simulated world that takes what a load sends, by the rules of idempotence, and
// gives it back.
#pragma once

#include "unit/client/scripted_broker.hpp"

#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/protocol/messages/init_producer_id.hpp"
#include "moldau/protocol/messages/list_offsets.hpp"
#include "moldau/protocol/messages/produce.hpp"
#include "moldau/record/batch.hpp"

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace moldau::load {

class LoadBroker {
public:
    /// What to answer to the n-th batch that comes (from 0); none: take it.
    std::function<ErrorCode(int)> verdict = [](int) { return ErrorCode::none; };
    std::int32_t partitions = 1;
    bool gives_producer_ids = true;

    struct Taken {
        std::int32_t partition = 0;
        std::int32_t count = 0;
        Timestamp timestamp;
        std::int16_t acks = 0;
    };
    std::vector<Taken> taken;
    int producer_ids = 0;  // given out
    int batches = 0;
    int fetches = 0;

    client::Script script() {
        return [this](const client::Received& request) { return answer(request); };
    }
    std::int64_t records() const {
        std::int64_t sum = 0;
        for (const Taken& each : taken) sum += each.count;
        return sum;
    }

private:
    std::optional<Bytes> answer(const client::Received& request) {
        using protocol::ApiKey;
        switch (request.api()) {
            case ApiKey::api_versions: {
                std::vector<std::pair<ApiKey, protocol::VersionRange>> apis{
                    {ApiKey::api_versions, {0, 4}}, {ApiKey::metadata, {0, 12}},
                    {ApiKey::produce, {3, 11}},     {ApiKey::fetch, {4, 12}},
                    {ApiKey::list_offsets, {1, 7}},
                };
                if (gives_producer_ids) apis.push_back({ApiKey::init_producer_id, {0, 4}});
                return client::api_versions(request, std::move(apis));
            }
            case ApiKey::metadata:
                return client::metadata_of_t(request, partitions);
            case ApiKey::init_producer_id: {
                protocol::InitProducerIdResponse response;
                response.producer_id = ++producer_ids;
                response.producer_epoch = 0;
                next_sequence_.clear();
                return request.answer(response);
            }
            case ApiKey::list_offsets:
                return answer_offsets(request);
            case ApiKey::fetch:
                return answer_fetch(request);
            default:
                return answer_produce(request);
        }
    }

    std::optional<Bytes> answer_produce(const client::Received& request) {
        const auto produce = request.as<protocol::ProduceRequest>();
        protocol::ProduceResponse response;
        for (const auto& topic : produce.topic_data) {
            auto& answered = response.responses.emplace_back();
            answered.name = topic.name;
            for (const auto& data : topic.partition_data) {
                auto& part = answered.partition_responses.emplace_back();
                part.index = data.index;
                part.error_code = take(data.index, *data.records, produce.acks);
            }
        }
        if (produce.acks == 0) return std::nullopt;
        return request.answer(response);
    }

    ErrorCode take(std::int32_t partition, BytesView bytes, std::int16_t acks) {
        const ErrorCode said = verdict(batches++);
        const auto batch = record::only_batch(bytes);
        EXPECT_TRUE(batch);
        if (said != ErrorCode::none || !batch) return said;
        EXPECT_TRUE(batch->is_crc_right());
        if (batch->has_producer_id()) {
            std::int32_t& next = next_sequence_[partition];
            if (batch->base_sequence() != next) return ErrorCode::out_of_order_sequence_number;
            next += batch->count();
        }
        taken.push_back({partition, batch->count(), batch->base_timestamp(), acks});
        std::vector<std::byte>& log = logs_[partition];
        const std::size_t at = log.size();
        log.insert(log.end(), bytes.begin(), bytes.end());
        store_be(log.data() + at + record::at::kBaseOffset, ends_[partition]);
        starts_[partition][ends_[partition]] = at;
        ends_[partition] += batch->count();
        return ErrorCode::none;
    }

    Bytes answer_offsets(const client::Received& request) {
        const auto asked = request.as<protocol::ListOffsetsRequest>();
        protocol::ListOffsetsResponse response;
        auto& topic = response.topics.emplace_back();
        topic.name = "t";
        for (const auto& each : asked.topics.front().partitions) {
            auto& part = topic.partitions.emplace_back();
            part.partition_index = each.partition_index;
            part.offset = each.timestamp == -2 ? 0 : ends_[each.partition_index];
        }
        return request.answer(response);
    }

    Bytes answer_fetch(const client::Received& request) {
        ++fetches;
        const auto asked = request.as<protocol::FetchRequest>();
        protocol::FetchResponse response;
        auto& topic = response.responses.emplace_back();
        topic.topic = "t";
        for (const auto& each : asked.topics.front().partitions) {
            auto& part = topic.partitions.emplace_back();
            part.partition_index = each.partition;
            part.high_watermark = ends_[each.partition];
            const std::vector<std::byte>& log = logs_[each.partition];
            const auto& starts = starts_[each.partition];
            const auto from = starts.lower_bound(each.fetch_offset);
            const std::size_t at = from == starts.end() ? log.size() : from->second;
            part.records = BytesView(log).subspan(at);
        }
        return request.answer(response);
    }

    std::map<std::int32_t, std::int32_t> next_sequence_;
    std::map<std::int32_t, std::vector<std::byte>> logs_;
    std::map<std::int32_t, std::int64_t> ends_;
    std::map<std::int32_t, std::map<std::int64_t, std::size_t>> starts_;  // of batches, by offset
};

}  // namespace moldau::load
