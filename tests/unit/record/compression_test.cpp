#include "moldau/record/compression.hpp"

#include "random_batch.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

namespace moldau::record {
namespace {

constexpr std::size_t kMost = std::size_t{64} << 20U;

Bytes packed(const Packing& packing, BytesView plain) {
    Packer packer;
    GrowingBuffer out;
    packer.pack(packing, plain, out);
    return out.publish();
}

std::vector<std::string> samples() {
    golden::Randomness random(4242);
    std::vector<std::string> made = {"", "a", std::string(4096, 'z'), std::string(200'000, 'q')};
    for (const std::size_t size : {63U, 32'768U, 32'769U, 65'536U, 65'537U, 300'000U}) {
        std::string noise(size, '\0');
        for (char& c : noise) c = static_cast<char>(random.below(256));
        made.push_back(noise);
        std::string words;
        while (words.size() < size) words += random.text(12);
        made.push_back(words);
    }
    return made;
}

TEST(Compression, UnpacksWhatItPackedForEveryCodecAndWithinItsExactBound) {
    Unpacker unpacker;
    for (const std::string& sample : samples()) {
        for (const Codec codec : golden::kCodecs) {
            SCOPED_TRACE(testing::Message() << name(codec) << " " << sample.size());
            const Bytes bytes = packed({codec, std::nullopt}, as_bytes(sample));
            GrowingBuffer out;
            out.append(as_bytes("before"));
            const Result<> ok = unpacker.unpack(codec, bytes, sample.size(), out);
            ASSERT_TRUE(ok) << ok.error().detail;
            ASSERT_EQ(as_text(out.view()).substr(0, 6), "before");
            ASSERT_EQ(as_text(out.view()).substr(6), sample);
        }
    }
}

TEST(Compression, RefusesOneByteMoreThanItsBound) {
    Unpacker unpacker;
    for (const std::string& sample : samples()) {
        if (sample.empty()) continue;
        for (const Codec codec : golden::kCodecs) {
            SCOPED_TRACE(testing::Message() << name(codec) << " " << sample.size());
            const Bytes bytes = packed({codec, std::nullopt}, as_bytes(sample));
            GrowingBuffer out;
            const Result<> refused = unpacker.unpack(codec, bytes, sample.size() - 1, out);
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().code, ErrorCode::message_too_large);
            EXPECT_LT(out.size(), sample.size());
        }
    }
}

TEST(Compression, PacksAtEveryLevelThatIsAllowed) {
    Unpacker unpacker;
    std::string sample;
    golden::Randomness random(3);
    while (sample.size() < 20'000) sample += random.text(12);
    const auto try_level = [&](Codec codec, int level) {
        SCOPED_TRACE(testing::Message() << name(codec) << " " << level);
        const Bytes bytes = packed({codec, level}, as_bytes(sample));
        GrowingBuffer out;
        ASSERT_TRUE(unpacker.unpack(codec, bytes, sample.size(), out));
        EXPECT_EQ(as_text(out.view()), sample);
    };
    for (int level = 1; level <= 9; ++level) try_level(Codec::gzip, level);
    for (int level = 1; level <= 17; ++level) try_level(Codec::lz4, level);
    for (const int level : {-131072, -5, -1, 1, 3, 10, 19, 22}) try_level(Codec::zstd, level);
}

TEST(Compression, StopsTheProcessOnALevelThatSettingsDoNotAllow) {
    EXPECT_DEATH((void)packed({Codec::gzip, 10}, as_bytes("x")), "codec=gzip level=10");
    EXPECT_DEATH((void)packed({Codec::lz4, 0}, as_bytes("x")), "codec=lz4 level=0");
}

// 64 MiB of zeros a codec: refused at the bound, and memory stays in its neighbourhood.
TEST(Compression, TakesNoMemoryBeyondItsBoundForABomb) {
    const std::vector<std::byte> zeros(kMost);
    constexpr std::size_t kBound = std::size_t{1} << 20U;
    Unpacker unpacker;
    for (const Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        SCOPED_TRACE(name(codec));
        const Bytes bomb = packed({codec, std::nullopt}, zeros);
        GrowingBuffer out;
        const Result<> refused = unpacker.unpack(codec, bomb, kBound, out);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::message_too_large);
        EXPECT_LE(out.capacity(), 2 * kBound + GrowingBuffer::kFirstBytes);
    }
}

TEST(Compression, TakesNoMemoryForLengthsThatAreOnlyDeclared) {
    const std::vector<std::pair<Codec, std::string>> liars = {
        // snappy: a bare block, and a framed chunk, of 4 GiB
        {Codec::snappy, std::string("\xff\xff\xff\xff\x0f", 5) + std::string(19, '\0')},
        {Codec::snappy,
         std::string("\x82SNAPPY\0\0\0\0\1\0\0\0\1\x7f\xff\xff\xff", 20) + std::string(20, '\0')},
        // lz4: a block of 2 GiB
        {Codec::lz4,
         std::string("\x04\x22\x4d\x18\x60\x40\x82\xff\xff\xff\x7f", 11) + std::string(19, '\0')},
        // zstd: a frame of 1 TiB in one segment, and a window of 2 GiB
        {Codec::zstd, std::string("\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\1\0\0\1\0\0", 16)},
        {Codec::zstd, std::string("\x28\xb5\x2f\xfd\0\xa8\1\0\0", 9)},
    };
    Unpacker unpacker;
    for (const auto& [codec, bytes] : liars) {
        SCOPED_TRACE(testing::Message() << name(codec) << " " << bytes.size());
        GrowingBuffer out;
        EXPECT_FALSE(unpacker.unpack(codec, as_bytes(bytes), kMost, out));
        EXPECT_LE(out.capacity(), GrowingBuffer::kFirstBytes);
    }
}

TEST(Compression, EveryCutAndEveryChangedByteIsRefusedOrUnpackedWithinTheBound) {
    golden::Randomness random(99);
    std::string sample;
    while (sample.size() < 3'000) sample += random.text(12);
    Unpacker unpacker;
    for (const Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        SCOPED_TRACE(name(codec));
        const Bytes whole = packed({codec, std::nullopt}, as_bytes(sample));
        for (std::size_t size = 0; size < whole.size(); ++size) {
            GrowingBuffer out;
            const Result<> got =
                unpacker.unpack(codec, whole.view().first(size), sample.size(), out);
            // Fewer bytes than a chunk's length are ignored at the end; no other cut may pass as
            // whole.
            EXPECT_TRUE(!got || out.size() < sample.size()) << "size=" << size;
        }
        std::vector<std::byte> changed(whole.view().begin(), whole.view().end());
        for (std::byte& byte : changed) {
            byte ^= std::byte{0x10};
            GrowingBuffer out;
            (void)unpacker.unpack(codec, changed, 2 * sample.size(), out).has_value();
            EXPECT_LE(out.size(), 2 * sample.size());
            byte ^= std::byte{0x10};
        }
    }
}

TEST(Compression, OfSnappyIsReadBareAndJoined) {
    const Bytes framed = packed({Codec::snappy, std::nullopt}, as_bytes("hello hello"));
    std::vector<std::byte> joined(framed.view().begin(), framed.view().end());
    joined.insert(joined.end(), framed.view().begin(), framed.view().end());
    Unpacker unpacker;
    GrowingBuffer out;
    ASSERT_TRUE(unpacker.unpack(Codec::snappy, joined, 100, out));
    EXPECT_EQ(as_text(out.view()), "hello hellohello hello");
    out.clear();
    ASSERT_TRUE(unpacker.unpack(Codec::snappy, framed.view().subspan(20), 100, out));
    EXPECT_EQ(as_text(out.view()), "hello hello");
}

// Blocks that no packer writes, but that liblz4 takes only when there is more room than they need.
TEST(Compression, OfLz4IsReadWithinItsExactBoundHoweverItsBlocksEnd) {
    struct Row {
        const char* name;
        const char* hex;
        std::size_t size;
    };
    constexpr std::array kRows = {
        Row{"a match that ends within the last five bytes",  // "a", 1294 more of it, "bcde"
            "04224d186040820f0000001f610100ffffffffff00406263646500000000", 1299},
        Row{"a last block that only begins a match: found by the fuzzer",
            "04224d186040824f000000f3163e0000000a6b65792d310e76616c75652d31060468310278046832"
            "01046831001a000a02011b0061320046000e042e00f00c33010412c39f980000cb000000c3bc0012"
            "656d707479206b657979010000000100000000",
            82},
    };
    Unpacker unpacker;
    for (const auto& row : kRows) {
        SCOPED_TRACE(row.name);
        const std::vector<std::byte> packed = support::from_hex(row.hex);
        GrowingBuffer roomy;
        const Result<> whole = unpacker.unpack(Codec::lz4, packed, kMost, roomy);
        ASSERT_TRUE(whole) << whole.error().detail;
        ASSERT_EQ(roomy.size(), row.size);
        GrowingBuffer exact;
        const Result<> ok = unpacker.unpack(Codec::lz4, packed, row.size, exact);
        ASSERT_TRUE(ok) << ok.error().detail;
        EXPECT_EQ(as_text(exact.view()), as_text(roomy.view()));
        GrowingBuffer narrow;
        const Result<> refused = unpacker.unpack(Codec::lz4, packed, row.size - 1, narrow);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::message_too_large);
    }
}

TEST(Codec, HasKafkasNumberAndName) {
    EXPECT_EQ(codec_named("lz4"), Codec::lz4);
    EXPECT_EQ(codec_named("LZ4"), std::nullopt);
    EXPECT_EQ(name(Codec::zstd), "zstd");
    EXPECT_EQ(codec_of(4).value_or(Codec::none), Codec::zstd);
    EXPECT_EQ(codec_of(5).error().code, ErrorCode::unsupported_compression_type);
}

}  // namespace
}  // namespace moldau::record
