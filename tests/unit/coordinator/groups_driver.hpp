// A driver for the core, as the broker will be one: a log of what is committed, time that is moved,
// writes that are in flight for as long as a test wants.
#pragma once

#include "moldau/coordinator/groups.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace moldau::coordinator {

class GroupsDriver {
public:
    explicit GroupsDriver(GroupSettings settings = {}) : settings_(settings), groups_(settings) {
        take(groups_.loaded(now()));
    }

    Now now() const { return {mono_, Timestamp{1'000'000 + elapsed_ms()}}; }
    std::int64_t elapsed_ms() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(mono_.time_since_epoch())
            .count();
    }
    Groups& core() { return groups_; }
    const GroupSettings& settings() const { return settings_; }

    Caller caller(std::string client, std::int16_t version) {
        versions_[++requests_] = version;
        return {RequestId{requests_}, version, std::move(client), "/127.0.0.1"};
    }
    Uuid fresh() { return {0, ++ids_}; }

    /// Carries a decision out: replies are kept, writes stand in line.
    void take(Decision decision) {
        for (Reply& one : decision.replies) {
            EXPECT_TRUE(can_be_said(one)) << "request " << one.request.value;
            replies.push_back(std::move(one));
        }
        for (Write& one : decision.writes) in_flight.push_back(std::move(one));
        while (!holds && !in_flight.empty()) commit_one();
    }

    void commit_one() {
        Write write = std::move(in_flight.front());
        in_flight.pop_front();
        // Through the bytes, as a log would have them.
        for (const Record& record : write.records) {
            EncodedRecord bytes = std::move(*encode_record(record));
            log.push_back(std::move(bytes));
        }
        take(groups_.committed(now(), std::move(write)));
    }

    void fail_all(ErrorCode why) {
        std::deque<Write> failing = std::exchange(in_flight, {});
        for (Write& write : failing) take(groups_.failed(now(), std::move(write), why));
    }

    /// Time goes on; each deadline is met when it is due.
    void advance(Duration by) {
        const MonoTime target = mono_ + by;
        while (groups_.next_deadline() <= target) {
            mono_ = std::max(mono_, groups_.next_deadline());
            take(groups_.on_time(now()));
        }
        mono_ = target;
    }

    Groups load() const {
        Groups loaded(settings_);
        for (const EncodedRecord& record : log) {
            std::optional<BytesView> value;
            if (record.value) value = record.value->view();
            loaded.apply(*decode_record(record.key, value));
        }
        return loaded;
    }

    /// The process ends, with what was in flight; another one reads the log.
    void restart() {
        in_flight.clear();
        groups_ = load();
        take(groups_.loaded(now()));
    }

    bool holds = false;  // writes stay in flight
    std::vector<Reply> replies;
    std::deque<Write> in_flight;
    std::vector<EncodedRecord> log;

private:
    // The version of a request has to be able to express its reply.
    bool can_be_said(const Reply& reply) const {
        const std::int16_t version = versions_.at(reply.request.value);
        return std::visit(
            [&](const auto& response) { return response.encoded_size(version).has_value(); },
            reply.response);
    }

    GroupSettings settings_;
    std::map<std::uint64_t, std::int16_t> versions_;
    MonoTime mono_{};
    std::uint64_t requests_ = 0;
    std::uint64_t ids_ = 0;
    Groups groups_;
};

}  // namespace moldau::coordinator
