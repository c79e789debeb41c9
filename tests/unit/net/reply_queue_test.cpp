#include "reply_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace moldau::net {
namespace {

Reply sending(std::string_view text) {
    return {.outcome = Reply::Outcome::send, .first = Bytes::copy_of(as_bytes(text)), .more = {}};
}
Reply closing() {
    return {.outcome = Reply::Outcome::close, .first = {}, .more = {}};
}

std::string sendable(const ReplyQueue& queue) {
    std::array<BytesView, 16> pieces;
    std::string text;
    const std::size_t count = queue.gather(pieces);
    for (std::size_t i = 0; i < count; ++i) text += as_text(pieces[i]);
    return text;
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
