// Laws of the codec over random values of every message and version. The seed is printed; with
// MOLDAU_SEED it is given.
#include "support/messages/message_type.hpp"
#include "support/messages/random_fields.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace moldau::support {
namespace {

constexpr int kRounds = 100;  // values of each message and version

std::uint64_t given_seed() {
    const char* const text = std::getenv("MOLDAU_SEED");
    return text == nullptr ? 20260101 : std::strtoull(text, nullptr, 10);
}

std::uint64_t seed() {
    static const std::uint64_t seed = [] {
        std::cout << "MOLDAU_SEED=" << given_seed() << '\n';
        return given_seed();
    }();
    return seed;
}

template <class Law>
void for_every_value(int rounds, Law law) {
    std::uint64_t value_seed = seed();
    for (const MessageType* type : message_types()) {
        for (int v = type->versions.first; v <= type->versions.last; ++v) {
            const auto version = static_cast<std::int16_t>(v);
            for (int round = 0; round < rounds; ++round) {
                SCOPED_TRACE(std::string(type->name) + " v" + std::to_string(v) + " round " +
                             std::to_string(round));
                RandomFields random(++value_seed);
                AnyMessage message(*type);
                message.visit(version, random);
                law(message, version);
                if (testing::Test::HasFatalFailure()) return;
            }
        }
    }
}

TEST(MessageLaws, DecodingWhatWasEncodedGivesTheSameValue) {
    for_every_value(kRounds, [](const AnyMessage& message, std::int16_t version) {
        const Result<std::vector<std::byte>> bytes = message.bytes(version);
        ASSERT_TRUE(bytes) << bytes.error().detail;
        AnyMessage back(message.type());
        protocol::Reader in(*bytes);
        const Result<> decoded = back.decode(in, version);
        ASSERT_TRUE(decoded) << decoded.error().detail;
        ASSERT_EQ(in.remaining(), 0U);
        ASSERT_TRUE(back == message) << to_hex(bytes->data(), bytes->size());
    });
}

TEST(MessageLaws, AnyOneByteChangedIsRefusedOrReadIntoWhatCanBeWrittenAndReadAgain) {
    std::mt19937_64 random(seed());
    for_every_value(4, [&](const AnyMessage& message, std::int16_t version) {
        Result<std::vector<std::byte>> bytes = message.bytes(version);
        ASSERT_TRUE(bytes);
        if (bytes->empty()) return;
        (*bytes)[random() % bytes->size()] ^= static_cast<std::byte>(1 + random() % 255);
        AnyMessage changed(message.type());
        protocol::Reader in(*bytes);
        if (!changed.decode(in, version)) return;
        const Result<std::vector<std::byte>> again = changed.bytes(version);
        ASSERT_TRUE(again) << again.error().detail;
        AnyMessage back(message.type());
        protocol::Reader second(*again);
        ASSERT_TRUE(back.decode(second, version));
        ASSERT_EQ(second.remaining(), 0U);
        const Result<std::vector<std::byte>> third = back.bytes(version);
        ASSERT_EQ(*third, *again);  // bytes, for a changed double may be NaN, which equals nothing
    });
}

TEST(MessageLaws, VersionsThatDoNotExistAreRefusedBothWays) {
    for (const MessageType* type : message_types()) {
        for (const int v : {type->versions.first - 1, type->versions.last + 1}) {
            const auto version = static_cast<std::int16_t>(v);
            AnyMessage message(*type);
            const std::vector<std::byte> zeros(64);
            protocol::Reader in(zeros);
            const Result<> decoded = message.decode(in, version);
            ASSERT_FALSE(decoded) << type->name;
            EXPECT_EQ(decoded.error().code, ErrorCode::unsupported_version) << type->name;
            EXPECT_EQ(in.position(), 0U) << type->name;
            const Result<std::size_t> size = message.encoded_size(version);
            ASSERT_FALSE(size) << type->name;
            EXPECT_EQ(size.error().code, ErrorCode::unsupported_version) << type->name;
        }
    }
}

}  // namespace
}  // namespace moldau::support
