#include "reply_queue.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace moldau::net {
namespace {

Reply sending(std::string_view text) {
    return {.outcome = Reply::Outcome::send, .first = Bytes::copy_of(as_bytes(text)), .more = {}};
}
Reply closing() {
    return {.outcome = Reply::Outcome::close, .first = {}, .more = {}};
}

/// A file that nobody reads from.
class NoFile final : public File {
public:
    DiskResult<> write(std::uint64_t, std::span<const BytesView>) override { return {}; }
    DiskResult<TryRead> try_read(std::uint64_t, MutableBytes) override { return TryRead{}; }
    std::size_t in_memory(std::uint64_t, std::size_t count) override { return count; }
    int descriptor() const override { return -1; }
    void read(std::uint64_t, std::size_t, DiskDone<Bytes>) override {}
    void sync(DiskDone<>) override {}
    DiskResult<std::uint64_t> size() override { return std::uint64_t{0}; }
    DiskResult<> truncate(std::uint64_t) override { return {}; }
    DiskResult<> preallocate(std::uint64_t) override { return {}; }
};

/// Bytes as they are, "+" when more may follow them at once; a range of a file as "<at..end>".
std::string sendable(const ReplyQueue& queue, std::size_t pieces_max = 16) {
    std::vector<BytesView> pieces(pieces_max);
    const ReplyQueue::Next next = queue.gather(pieces);
    if (!next.file.empty())
        return fmt::format("<{}..{}>", next.file.at, next.file.at + next.file.bytes);
    std::string text;
    for (std::size_t i = 0; i < next.pieces; ++i) text += as_text(pieces[i]);
    return text + (next.more ? "+" : "");
}

TEST(ReplyQueue, KeepsTheOrderOfRequestsWhateverTheOrderOfAnswers) {
    ReplyQueue queue;
    const auto first = queue.expect(10);
    const auto second = queue.expect(10);
    const auto third = queue.expect(10);
    queue.complete(third, sending("3"));
    EXPECT_EQ(sendable(queue), "");
    queue.complete(first, sending("1"));
    EXPECT_EQ(sendable(queue), "1");
    queue.complete(second, sending("2"));
    EXPECT_EQ(sendable(queue), "123");
}

TEST(ReplyQueue, GoesOnWhereAPartialWriteEnded) {
    ReplyQueue queue;
    Reply reply = sending("head");
    reply.more.push_back(Bytes::copy_of(as_bytes("records")));
    queue.complete(queue.expect(1), std::move(reply));
    queue.complete(queue.expect(1), sending("next"));
    EXPECT_EQ(queue.sent(6), 0U);
    EXPECT_EQ(sendable(queue), "cordsnext");
    EXPECT_EQ(queue.sent(5), 12U) << "11 bytes of reply and 1 of request are done with";
    EXPECT_EQ(sendable(queue), "next");
    EXPECT_EQ(queue.sent(4), 5U);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.bytes(), 0U);
}

TEST(ReplyQueue, SendsRangesOfFilesInTheirPlaceAmongTheBytes) {
    ReplyQueue queue;
    Reply reply = sending("head");
    reply.more.emplace_back(FileSlice{nullptr, 1000, 500});
    reply.more.emplace_back(Bytes::copy_of(as_bytes("between")));
    reply.more.emplace_back(FileSlice{nullptr, 0, 0});
    reply.more.emplace_back(Bytes::copy_of(as_bytes("empty")));
    reply.more.emplace_back(FileSlice{nullptr, 7, 10});
    queue.complete(queue.expect(1), std::move(reply));
    queue.complete(queue.expect(1), sending("next"));
    EXPECT_EQ(sendable(queue), "head+");
    (void)queue.sent(3);
    EXPECT_EQ(sendable(queue), "d+");
    (void)queue.sent(1);
    EXPECT_EQ(sendable(queue), "<1000..1500>");
    (void)queue.sent(499);
    EXPECT_EQ(sendable(queue), "<1499..1500>");
    (void)queue.sent(1);
    EXPECT_EQ(sendable(queue), "betweenempty+");
    EXPECT_EQ(sendable(queue, 1), "between+") << "as many pieces as there is room for";
    (void)queue.sent(12);
    EXPECT_EQ(sendable(queue), "<7..17>");
    EXPECT_GT(queue.sent(10), 0U);
    EXPECT_EQ(sendable(queue), "next");
    EXPECT_EQ(queue.sent(4), 5U);
    EXPECT_FALSE(queue.has_sendable());
    EXPECT_EQ(queue.bytes(), 0U);
}

TEST(ReplyQueue, ARangeOfAFileTakesHardlyAnyMemoryAndPinsItsFileUntilItIsOut) {
    ReplyQueue queue;
    const auto file = std::make_shared<NoFile>();
    Reply reply = sending("head");
    reply.more.emplace_back(FileSlice{file, 0, std::size_t{1} << 40U});
    queue.complete(queue.expect(1), std::move(reply));
    EXPECT_LT(queue.bytes(), 100U);
    EXPECT_EQ(file.use_count(), 2);
    (void)queue.sent(4);
    (void)queue.sent(std::size_t{1} << 40U);
    EXPECT_EQ(file.use_count(), 1);
    EXPECT_EQ(queue.bytes(), 0U);
}

TEST(ReplyQueue, ARequestWithoutResponseTakesItsTurnAndSendsNothing) {
    ReplyQueue queue;
    const auto silent = queue.expect(5);
    queue.complete(queue.expect(5), sending("after"));
    EXPECT_FALSE(queue.has_sendable());
    queue.complete(silent, Reply{});
    EXPECT_EQ(sendable(queue), "after");
    EXPECT_EQ(queue.sent(5), 15U);
}

TEST(ReplyQueue, SilentRequestsAloneAreDoneWithAtOnce) {
    ReplyQueue queue;
    queue.complete(queue.expect(5), Reply{});
    EXPECT_EQ(queue.sent(0), 5U);
    EXPECT_TRUE(queue.empty());
}

TEST(ReplyQueue, ACloseComesAfterTheRepliesBeforeItAndInsteadOfThoseBehind) {
    ReplyQueue queue;
    const auto good = queue.expect(1);
    const auto bad = queue.expect(1);
    const auto late = queue.expect(1);
    queue.complete(late, sending("never"));
    queue.complete(bad, closing());
    EXPECT_FALSE(queue.wants_close());
    queue.complete(good, sending("good"));
    EXPECT_EQ(sendable(queue), "good");
    EXPECT_FALSE(queue.wants_close());
    (void)queue.sent(4);
    EXPECT_TRUE(queue.wants_close());
}

TEST(ReplyQueue, AnAnswerToARequestBehindACloseIsDropped) {
    ReplyQueue queue;
    const auto bad = queue.expect(1);
    const auto late = queue.expect(1);
    queue.complete(bad, closing());
    queue.complete(late, sending("never"));
    EXPECT_TRUE(queue.wants_close());
    EXPECT_EQ(sendable(queue), "");
}

TEST(ReplyQueue, CountsBytesOfRequestsInFlightAndOfRepliesNotSent) {
    ReplyQueue queue;
    const auto ticket = queue.expect(100);
    EXPECT_EQ(queue.bytes(), 100U);
    queue.complete(ticket, sending("12345"));
    EXPECT_EQ(queue.bytes(), 105U);
    (void)queue.sent(5);
    EXPECT_EQ(queue.bytes(), 0U);
}

TEST(ReplyQueue, StaysSmallOverManyRequests) {
    ReplyQueue queue;
    const auto held = queue.expect(1);
    queue.complete(held, sending("x"));
    for (int i = 0; i < 1000; ++i) {
        queue.complete(queue.expect(1), sending("y"));
        (void)queue.sent(1);
    }
    EXPECT_EQ(queue.waiting(), 1U);
    EXPECT_EQ(sendable(queue), "y");
}

}  // namespace
}  // namespace moldau::net
