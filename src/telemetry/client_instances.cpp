#include "moldau/telemetry/client_instances.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace moldau::telemetry {
namespace {

constexpr Duration kRememberedAtLeast = std::chrono::seconds(60);
constexpr int kRememberedIntervals = 3;
constexpr std::int8_t kCodecLast = 4;  // none, gzip, snappy, lz4, zstd

bool has_passed(MonoTime now, const std::optional<MonoTime>& last, Duration interval) {
    return !last || now - *last >= interval;
}

/// What a client did wrong without knowing better: it asks again at once.
bool explains_asking_early(ErrorCode error) {
    return error == ErrorCode::unknown_subscription_id ||
           error == ErrorCode::unsupported_compression_type;
}

}  // namespace

bool is_reserved(const Uuid& instance) {
    return instance.high == 0 && instance.low <= 1;
}

void ClientInstances::set_subscriptions(std::vector<Subscription> subscriptions) {
    subscriptions_ = std::move(subscriptions);
    ++version_;
}

Wanted ClientInstances::decide(MonoTime now, Instance& instance, const Client& client) const {
    Wanted wanted = wanted_of(subscriptions_, client);
    instance.subscriptions = version_;
    instance.subscription_id = wanted.subscription_id;
    instance.interval = std::chrono::milliseconds(wanted.interval_ms);
    remember(now, instance);
    return wanted;
}

void ClientInstances::remember(MonoTime now, Instance& instance) {
    instance.forgotten_at =
        now + std::max<Duration>(kRememberedAtLeast, instance.interval * kRememberedIntervals);
}

ClientInstances::Instance& ClientInstances::find(MonoTime now, const Client& client) {
    const auto forget_oldest = [this] {
        by_id_.erase(instances_.back().id);
        instances_.pop_back();
    };
    while (!instances_.empty() && instances_.back().forgotten_at <= now) forget_oldest();
    const auto known = by_id_.find(client.instance);
    if (known == by_id_.end()) {
        if (by_id_.size() == kInstancesMax) forget_oldest();
        instances_.emplace_front(client.instance);
        by_id_.emplace(client.instance, instances_.begin());
    } else {
        instances_.splice(instances_.begin(), instances_, known->second);
        Instance& instance = instances_.front();
        if (instance.subscriptions != version_ || instance.forgotten_at <= now)
            instance = Instance(client.instance);
    }
    remember(now, instances_.front());
    return instances_.front();
}

Result<Wanted> ClientInstances::subscribe(MonoTime now, const Client& client) {
    Instance& instance = find(now, client);
    if (has_passed(now, instance.last_get, instance.interval) &&
        has_passed(now, instance.last_push, instance.interval)) {
        instance.last_get = now;
    } else if (!explains_asking_early(instance.last_error)) {
        return Error{ErrorCode::throttling_quota_exceeded,
                     "it asks for its subscription before its interval has passed"};
    }
    instance.last_error = ErrorCode::none;
    // Anew each time: the client may have come from elsewhere since. Its pushes go by this answer.
    return decide(now, instance, client);
}

ErrorCode ClientInstances::check_push(MonoTime now, Instance& instance, const Push& push) const {
    if (instance.is_terminating) return ErrorCode::invalid_request;
    const bool is_first =
        instance.last_get && (!instance.last_push || *instance.last_get > *instance.last_push);
    if (is_first || has_passed(now, instance.last_push, instance.interval)) {
        instance.last_push = now;
    } else if (!push.is_terminating) {
        return ErrorCode::throttling_quota_exceeded;
    }
    if (push.subscription_id != instance.subscription_id) return ErrorCode::unknown_subscription_id;
    if (push.compression < 0 || push.compression > kCodecLast)
        return ErrorCode::unsupported_compression_type;
    if (push.bytes > push_bytes_max_) return ErrorCode::telemetry_too_large;
    return ErrorCode::none;
}

Result<Duration> ClientInstances::push(MonoTime now, const Client& client, const Push& push) {
    if (is_reserved(client.instance))
        return Error{ErrorCode::invalid_request, "no client may have this instance id"};
    Instance& instance = find(now, client);
    if (instance.subscriptions == kUndecided) (void)decide(now, instance, client);
    instance.last_error = check_push(now, instance, push);
    instance.is_terminating = push.is_terminating;
    if (instance.last_error == ErrorCode::none) return instance.interval;
    return Error{instance.last_error, fmt::format("a push was refused subscription={} bytes={}",
                                                  push.subscription_id, push.bytes)};
}

}  // namespace moldau::telemetry
