#include "moldau/protocol/writer.hpp"

#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/protocol/messages/fetch_snapshot.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace moldau::protocol {
namespace {

constexpr std::int16_t kVersion = 16;

std::vector<std::byte> filled(std::size_t size, int with) {
    return std::vector<std::byte>(size, static_cast<std::byte>(with));
}

FetchResponse response_with(const std::vector<std::vector<std::byte>>& records) {
    FetchResponse response;
    response.responses.emplace_back();
    for (std::size_t i = 0; i < records.size(); ++i) {
        auto& partition = response.responses[0].partitions.emplace_back();
        partition.partition_index = static_cast<std::int32_t>(i);
        partition.records = records[i];
    }
    return response;
}

// What a driver sends: the written bytes with each splice put where it belongs.
std::vector<std::byte> joined(const std::vector<std::byte>& head,
                              const std::vector<Splice>& splices) {
    std::vector<std::byte> all;
    std::size_t at = 0;
    for (const Splice& splice : splices) {
        all.insert(all.end(), head.begin() + static_cast<std::ptrdiff_t>(at),
                   head.begin() + static_cast<std::ptrdiff_t>(splice.position));
        all.insert(all.end(), splice.records.begin(), splice.records.end());
        at = splice.position;
    }
    all.insert(all.end(), head.begin() + static_cast<std::ptrdiff_t>(at), head.end());
    return all;
}

TEST(Writer, GathersRecordsByReferenceIntoTheSameBytes) {
    const std::vector<std::vector<std::byte>> records{filled(100, 1), filled(0, 0), filled(300, 2)};
    const FetchResponse response = response_with(records);
    std::vector<std::byte> copied(*response.encoded_size(kVersion));
    Writer plain(copied);
    response.encode(plain, kVersion);

    const Result<GatheredSize> size = response.gathered_size(kVersion);
    ASSERT_TRUE(size);
    EXPECT_EQ(size->total, copied.size());
    EXPECT_EQ(size->written, copied.size() - 400);
    std::vector<std::byte> head(size->written);
    std::vector<Splice> splices;
    Writer gathering(head, splices);
    response.encode(gathering, kVersion);
    EXPECT_EQ(gathering.remaining(), 0U);

    ASSERT_EQ(splices.size(), 2U);  // nothing is sent for the empty one
    EXPECT_EQ(splices[0].records.data(), records[0].data());
    EXPECT_EQ(splices[1].records.data(), records[2].data());
    EXPECT_EQ(joined(head, splices), copied);
}

TEST(Writer, NeverReadsTheRecordsThatItGathers) {
    // As for records that lie in a file: so many bytes, of which none is in memory.
    const BytesView elsewhere{reinterpret_cast<const std::byte*>(std::uintptr_t{4096}), 1U << 20U};
    FetchSnapshotResponse response;
    response.topics.emplace_back().partitions.emplace_back().unaligned_records = elsewhere;
    const Result<GatheredSize> size = response.gathered_size(0);
    ASSERT_TRUE(size);
    std::vector<std::byte> head(size->written);
    std::vector<Splice> splices;
    Writer out(head, splices);
    response.encode(out, 0);
    ASSERT_EQ(splices.size(), 1U);
    EXPECT_EQ(splices[0].records.size(), elsewhere.size());
    EXPECT_EQ(size->total, head.size() + elsewhere.size());
}

TEST(Writer, StopsTheProcessRatherThanWritePastTheEnd) {
    std::array<std::byte, 3> room{};
    Writer out(room);
    EXPECT_DEATH(out.int32(1), "encoding past its size: wanted=4 remaining=3 written=0");
    EXPECT_DEATH(out.raw(as_bytes("four")), "encoding past its size");
    out.raw(as_bytes("abc"));
    EXPECT_DEATH(out.uvarint(1), "encoding past its size");
}

TEST(Writer, DiesWhenAskedForAVersionThatDoesNotExist) {
    std::array<std::byte, 64> room{};
    Writer out(room);
    EXPECT_DEATH(FetchRequest{}.encode(out, 99), "FetchRequest version=99");
}

TEST(Sizer, KnowsTheSizeOfVarints) {
    EXPECT_EQ(uvarint_size(0), 1U);
    EXPECT_EQ(uvarint_size(127), 1U);
    EXPECT_EQ(uvarint_size(128), 2U);
    EXPECT_EQ(uvarint_size(UINT32_MAX), 5U);
    EXPECT_EQ(uvarint_size(UINT64_MAX), 10U);
}

TEST(Sizer, RefusesWhatIsLargerThanAnyFrame) {
    const BytesView half{reinterpret_cast<const std::byte*>(std::uintptr_t{4096}), 1U << 30U};
    FetchSnapshotResponse response;
    auto& partitions = response.topics.emplace_back().partitions;
    partitions.emplace_back().unaligned_records = half;
    EXPECT_TRUE(response.encoded_size(0));
    partitions.emplace_back().unaligned_records = half;
    const Result<std::size_t> size = response.encoded_size(0);
    ASSERT_FALSE(size);
    EXPECT_EQ(size.error().code, ErrorCode::invalid_request);
}

}  // namespace
}  // namespace moldau::protocol
