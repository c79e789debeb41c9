#include "publisher.hpp"

#include "config_rules.hpp"

#include "moldau/runtime/task_group.hpp"

#include <fmt/ranges.h>

#include <set>
#include <string>
#include <utility>

namespace moldau::broker {
namespace {

/// Shards that have not applied the image yet; shared with the jobs that say so.
struct Round {
    explicit Round(runtime::Shard& home) : done(home) {}
    std::size_t left = 0;
    runtime::Signal done;
};

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): the shards outlive it.
runtime::Task<> tell_when_done(runtime::Task<> step, runtime::Shard& home,
                               std::shared_ptr<Round> round) {
    co_await std::move(step);
    (void)home.post_answer([round = std::move(round)] {
        --round->left;
        round->done.set();
    });
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

}  // namespace

void Publisher::take(CommittedImage image) {
    if (waiting_) merge(image.changes, std::move(waiting_->changes));
    waiting_ = std::move(image);
    committed_.set();
}

runtime::Task<> Publisher::run() {
    while (true) {
        if (!waiting_) {
            if (co_await committed_.wait() == runtime::Waited::cancelled) co_return;
            continue;
        }
        CommittedImage image = std::move(*waiting_);
        waiting_.reset();
        const Offset end = image.image->provenance.end_offset;
        co_await bring(std::move(image));
        if (runtime::cancelled(home_)) co_return;
        is_start_ = false;
        published_ = end;
        published_signal_.set();
    }
}

// What is asked for and not carried out is said, not passed over in silence.
void Publisher::warn_of_idle_configs(const CommittedImage& image) const {
    std::set<std::string> names;
    const auto collect = [&](const metadata::ConfigResource& resource) {
        for (std::string& name : without_effect(settings_, *image.image, resource))
            names.insert(std::move(name));
    };
    if (is_start_) {
        for (const auto& [resource, configs] : image.image->configs) collect(resource);
    } else {
        for (const metadata::ConfigResource& resource : image.changes.configs) collect(resource);
    }
    if (!names.empty())
        home_.log().warn("settings of topics and the like that have no effect yet: {}",
                         fmt::join(names, ", "));
}

runtime::Task<> Publisher::bring(CommittedImage image) {
    warn_of_idle_configs(image);
    // Nothing is opened before all that is gone is closed everywhere: a topic that is made anew has
    // other owners, and its partitions the directories of the old ones.
    co_await on_all_shards(
        [image, is_start = is_start_](BrokerShard& there) { return there.take(image, is_start); });
    if (runtime::cancelled(home_)) co_return;
    co_await on_all_shards([](BrokerShard& there) { return there.open_wanted(); });
}

runtime::Task<> Publisher::on_all_shards(std::function<runtime::Task<>(BrokerShard&)> step) {
    auto round = std::make_shared<Round>(home_);
    for (const auto& each : shards_) {
        BrokerShard* there = each.get();
        // As an answer, which a full mailbox does not refuse: no shard may miss an image.
        const Result<> posted = there->shard().post_answer([there, step, home = &home_, round] {
            runtime::spawn(there->shard(), "apply image",
                           tell_when_done(step(*there), *home, round));
        });
        if (posted) ++round->left;
    }
    while (round->left > 0) {
        if (co_await round->done.wait() == runtime::Waited::cancelled) co_return;
    }
}

runtime::Task<Result<>> Publisher::published(Offset end) {
    while (published_ < end) {
        const runtime::Waited waited = co_await published_signal_.wait();
        if (waited != runtime::Waited::ready) co_return runtime::error_of(waited);
    }
    co_return Result<>();
}

}  // namespace moldau::broker
