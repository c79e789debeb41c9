#include "quotas/shard_quotas.hpp"

#include "broker_shard.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace moldau::broker {
namespace {

constexpr std::array kMetered = {quota::Kind::produce, quota::Kind::fetch, quota::Kind::request};
constexpr Duration kSweepEvery = std::chrono::seconds(1);
/// Buckets of meters that are looked at to find one that may be forgotten.
constexpr int kLooksMax = 64;

/// Shards tell each other of meters by their keys: the first one's secret is that of all.
HashSecret secret_of(const ShardQuotas::Place& place) {
    if (place.shards != nullptr && place.index > 0) return place.shards->front()->quotas().secret();
    HashSecret secret;
    secret.first = place.shard.random().next();
    secret.second = place.shard.random().next();
    return secret;
}

double percent_of_a_second(Duration time) {
    return std::chrono::duration<double>(time).count() * 100;
}

}  // namespace

ShardQuotas::ShardQuotas(Place place, quota::Windows windows)
    : place_(place), windows_(windows), secret_(secret_of(place)) {}

void ShardQuotas::take(quota::ClientQuotas set) {
    set_ = std::move(set);
    is_on_ = std::ranges::any_of(kMetered, [this](quota::Kind kind) { return set_.has(kind); });
    ++version_;
}

std::shared_ptr<const LimitedClient> ShardQuotas::client(std::string_view user,
                                                         std::string_view client_id) {
    std::shared_ptr<LimitedClient> found;
    for (const quota::Kind kind : kMetered) {
        const auto holding = set_.find(kind, user, client_id);
        if (!holding) continue;
        if (found == nullptr) found = std::make_shared<LimitedClient>();
        found->limits[static_cast<std::size_t>(kind)] = LimitedClient::Limit{
            .bound = holding->bound,
            .meter = meter(quota::meter_key(secret_, kind, *holding, user, client_id))};
    }
    return found;
}

quota::Milliseconds ShardQuotas::charge(const LimitedClient::Limit& limit, double value) {
    const MonoTime now = place_.shard.now();
    limit.meter->own->record(now, value);
    samples_.clear();
    limit.meter->own->read(samples_);
    for (const auto& each : limit.meter->others) {
        if (each != nullptr) each->read(samples_);
    }
    return quota::throttle_time(quota::observe(windows_, now, samples_), limit.bound);
}

void ShardQuotas::handling_begins(const LimitedClient& client) {
    if (client.limit(quota::Kind::request)) handling_since_ = place_.shard.now();
}

quota::Milliseconds ShardQuotas::charge_handling(const LimitedClient& client) {
    const auto& limit = client.limit(quota::Kind::request);
    if (!limit) return quota::Milliseconds(0);
    const auto since = std::exchange(handling_since_, std::nullopt);
    const Duration took = since ? place_.shard.now() - *since : Duration(0);
    return std::min<quota::Milliseconds>(charge(*limit, percent_of_a_second(took)), windows_.size);
}

void ShardQuotas::handling_ends(const LimitedClient& client) {
    const auto since = std::exchange(handling_since_, std::nullopt);
    const auto& limit = client.limit(quota::Kind::request);
    if (!since || !limit) return;
    const MonoTime now = place_.shard.now();
    limit->meter->own->record(now, percent_of_a_second(now - *since));
}

std::size_t ShardQuotas::fetch_bytes_max(const LimitedClient& client) const {
    const auto& limit = client.limit(quota::Kind::fetch);
    constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
    if (!limit) return kMost;
    const double bytes = limit->bound * static_cast<double>(windows_.samples - 1) *
                         static_cast<double>(windows_.size.count());
    return bytes < static_cast<double>(kMost) ? static_cast<std::size_t>(bytes) : kMost;
}

// ----- meters

std::size_t ShardQuotas::bytes_of(const Meter& meter) const {
    constexpr std::size_t kNodes = 128;
    return sizeof(Meter) + kNodes + meter.others.size() * sizeof(meter.others[0]) +
           RateWindow::bytes_of(windows_);
}

std::shared_ptr<Meter> ShardQuotas::meter(const quota::MeterKey& key) {
    if (const auto found = meters_.find(key); found != meters_.end()) return found->second;
    make_room();
    auto made = std::make_shared<Meter>();
    made->key = key;
    made->own = std::make_shared<RateWindow>(windows_);
    made->others.resize(place_.shards == nullptr ? 1 : place_.shards->size());
    meters_.emplace(key, made);
    bytes_ += bytes_of(*made);
    ask_others(*made);
    return made;
}

void ShardQuotas::make_room() {
    if (bytes_ < kBytesMax) return;
    if (place_.shard.now() - swept_ >= kSweepEvery) sweep();
    for (int looks = 0; bytes_ >= kBytesMax && looks < kLooksMax; ++looks) {
        looked_at_ = (looked_at_ + 1) % meters_.bucket_count();
        for (auto at = meters_.begin(looked_at_); at != meters_.end(looked_at_);) {
            const auto here = at++;
            const bool is_held = here->second.use_count() > 1;
            if (is_held) continue;
            bytes_ -= bytes_of(*here->second);
            meters_.erase(quota::MeterKey(here->first));
        }
    }
}

void ShardQuotas::sweep() {
    swept_ = place_.shard.now();
    for (auto at = meters_.begin(); at != meters_.end();) {
        Meter& meter = *at->second;
        if (at->second.use_count() == 1 && meter.own->is_over(swept_)) {
            bytes_ -= bytes_of(meter);
            at = meters_.erase(at);
            continue;
        }
        if (!meter.has_asked_all) ask_others(meter);
        ++at;
    }
}

void ShardQuotas::ask_others(Meter& meter) {
    meter.has_asked_all = true;
    for (std::size_t i = 0; i < meter.others.size(); ++i) {
        if (i == place_.index || meter.others[i] != nullptr) continue;
        BrokerShard& there = other(i);
        const Result<> posted = there.shard().post(
            [&there, key = meter.key, from = place_.index, mine = meter.own]() mutable {
                there.quotas().met(key, from, std::move(mine), true);
            });
        if (!posted) meter.has_asked_all = false;
    }
}

void ShardQuotas::met(const quota::MeterKey& key, std::size_t from,
                      std::shared_ptr<const RateWindow> theirs, bool is_asking) {
    const auto found = meters_.find(key);
    if (found == meters_.end()) return;  // nothing of this client happens here
    Meter& meter = *found->second;
    meter.others[from] = std::move(theirs);
    if (!is_asking) return;
    BrokerShard& there = other(from);
    (void)there.shard().post_answer(
        [&there, key, index = place_.index, mine = meter.own]() mutable {
            there.quotas().met(key, index, std::move(mine), false);
        });
}

}  // namespace moldau::broker
