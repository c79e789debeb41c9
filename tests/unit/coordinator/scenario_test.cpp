// Runs the transcripts in scenarios/: each line at the margin is a step, the indented lines under
// it are what it brings about. MOLDAU_REWRITE=1 writes them anew; the diff is for review.
//
//   set NAME=VALUE …                 group.max.size, group.initial.rebalance.delay.ms, …; first
//   lines join WHO [id=|instance=|protocols=a,b|topics=t,u|session=|rebalance=|type=|v=|group=]
//   sync WHO [WHO=PART …] [generation=|v=]      heartbeat WHO [generation=]
//   leave WHO | leave WHO,WHO | leave instance=NAME        with v= for one version
//   commit WHO TOPIC-N=OFFSET[@EPOCH][:METADATA] … [generation=|v=|retention=]   WHO "-": no member
//   fetch TOPIC-N … | fetch all      delete-offsets TOPIC-N …     delete-group NAME …
//   describe [v=]   list [STATE …]   tick DURATION   hold | release | fail ERROR   restart | unload
#include "groups_driver.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <variant>

namespace moldau::coordinator {
namespace {

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    std::istringstream in{std::string(text)};
    for (std::string part; std::getline(in, part, at);) {
        if (!part.empty()) parts.push_back(part);
    }
    return parts;
}

std::string words(std::string_view code) {
    std::string low(code);
    std::ranges::transform(low, low.begin(), [](unsigned char c) { return std::tolower(c); });
    return low;
}

Duration duration(const std::string& text) {
    std::size_t digits = 0;
    const long long count = std::stoll(text, &digits);
    const std::string unit = text.substr(digits);
    if (unit == "ms") return std::chrono::milliseconds(count);
    if (unit == "s") return std::chrono::seconds(count);
    if (unit == "m") return std::chrono::minutes(count);
    if (unit == "h") return std::chrono::hours(count);
    throw std::invalid_argument("no duration: " + text);
}

std::int32_t ms(const std::string& text) {
    return static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(duration(text)).count());
}

// "a-00000000-0000-0000-0000-000000000001" reads as a#1.
std::string shown_id(std::string_view id) {
    constexpr std::size_t kUuid = 36;
    if (id.size() <= kUuid) return id.empty() ? "-" : std::string(id);
    return fmt::format("{}#{}", id.substr(0, id.size() - kUuid - 1),
                       std::stoul(std::string(id.substr(id.size() - 12)), nullptr, 16));
}

// A subscription or an assignment of the tests is text behind a consumer's header.
Bytes subscription(const std::vector<std::string>& topics) {
    std::string bytes{"\0\0\0\0\0", 5};
    bytes.push_back(static_cast<char>(topics.size()));
    for (const std::string& topic : topics) {
        bytes.push_back('\0');
        bytes.push_back(static_cast<char>(topic.size()));
        bytes += topic;
    }
    return Bytes::copy_of(as_bytes(bytes + "\xff\xff\xff\xff"));
}

struct Where {
    std::string topic;
    std::int32_t partition = 0;
};
Where where(const std::string& text) {
    const auto dash = text.rfind('-');
    return {text.substr(0, dash), std::stoi(text.substr(dash + 1))};
}

class Transcript {
public:
    std::string run(const std::string& text) {
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) {
            if (line.starts_with("  ")) continue;
            out_ += line + "\n";
            if (line.empty() || line.starts_with('#')) continue;
            step(line.substr(0, line.find("  #")));
            show();
        }
        return out_;
    }

private:
    struct Client {
        std::string id;
        std::string group = "g";
        std::int32_t generation = -1;
        std::optional<std::string> instance;
    };

    GroupsDriver& driver() {
        if (!driver_) driver_.emplace(settings_);
        return *driver_;
    }

    void step(const std::string& line) {
        std::vector<std::string> all = split(line, ' ');
        const std::string verb = all.front();
        args_.clear();
        options_.clear();
        for (std::size_t i = 1; i < all.size(); ++i) {
            const auto equals = all[i].find('=');
            if (equals == std::string::npos) {
                args_.push_back(all[i]);
            } else {
                options_[all[i].substr(0, equals)] = all[i].substr(equals + 1);
            }
        }
        static const std::map<std::string, void (Transcript::*)()> kVerbs{
            {"set", &Transcript::set},
            {"join", &Transcript::join},
            {"sync", &Transcript::sync},
            {"heartbeat", &Transcript::heartbeat},
            {"leave", &Transcript::leave},
            {"commit", &Transcript::commit},
            {"fetch", &Transcript::fetch},
            {"delete-offsets", &Transcript::delete_offsets},
            {"delete-group", &Transcript::delete_groups},
            {"delete-topic", &Transcript::delete_partitions},
            {"describe", &Transcript::describe},
            {"list", &Transcript::list},
            {"tick", &Transcript::tick},
            {"hold", &Transcript::hold},
            {"release", &Transcript::release},
            {"fail", &Transcript::fail},
            {"restart", &Transcript::restart},
            {"unload", &Transcript::unload}};
        const auto found = kVerbs.find(verb);
        if (found == kVerbs.end()) throw std::invalid_argument("no such step: " + line);
        (this->*found->second)();
    }

    std::string option(const std::string& name, const std::string& otherwise) const {
        const auto found = options_.find(name);
        return found == options_.end() ? otherwise : found->second;
    }
    std::int16_t version(std::int16_t newest) const {
        return static_cast<std::int16_t>(std::stoi(option("v", std::to_string(newest))));
    }
    Caller caller(const std::string& who, std::int16_t newest) {
        Caller caller = driver().caller(who, version(newest));
        asked_[caller.request.value] = who;
        return caller;
    }

    void set() {
        for (const auto& [name, value] : options_) {
            if (name == "group.max.size")
                settings_.group_max_size = std::stoi(value);
            else if (name == "group.initial.rebalance.delay")
                settings_.group_initial_rebalance_delay = duration(value);
            else if (name == "group.min.session.timeout")
                settings_.group_min_session_timeout = duration(value);
            else if (name == "group.max.session.timeout")
                settings_.group_max_session_timeout = duration(value);
            else if (name == "offset.metadata.max.bytes")
                settings_.offset_metadata_max_bytes = std::stoi(value);
            else if (name == "offsets.retention")
                settings_.offsets_retention = duration(value);
            else if (name == "offsets.retention.check.interval")
                settings_.offsets_retention_check_interval = duration(value);
            else
                throw std::invalid_argument("no such setting: " + name);
        }
        if (driver_) throw std::invalid_argument("settings come first");
    }

    void join() {
        Client& client = clients_[args_.at(0)];
        client.group = option("group", client.group);
        if (options_.contains("instance")) client.instance = options_["instance"];
        if (options_.contains("id")) client.id = options_["id"] == "-" ? "" : options_["id"];
        protocol::JoinGroupRequest request;
        request.group_id = client.group;
        request.session_timeout_ms = ms(option("session", "10s"));
        request.rebalance_timeout_ms = ms(option("rebalance", "60s"));
        request.member_id = client.id;
        request.group_instance_id = client.instance;
        request.protocol_type = option("type", "consumer");
        const Bytes metadata = subscription(split(option("topics", "t"), ','));
        for (const std::string& name : split(option("protocols", "range"), ',')) {
            auto& one = request.protocols.emplace_back();
            one.name = name;
            one.metadata = metadata;
        }
        const Caller from = caller(args_.at(0), 9);
        driver().take(driver().core().join(driver().now(), from, request, driver().fresh()));
    }

    void sync() {
        Client& client = clients_[args_.at(0)];
        protocol::SyncGroupRequest request;
        request.group_id = client.group;
        request.generation_id = std::stoi(option("generation", std::to_string(client.generation)));
        request.member_id = client.id;
        request.group_instance_id = client.instance;
        request.protocol_type = "consumer";
        request.protocol_name = option("protocol", "range");
        std::vector<std::string> parts;
        for (const auto& [name, value] : options_) {
            if (name == "generation" || name == "v" || name == "protocol") continue;
            request.assignments.emplace_back().member_id = clients_[name].id;
            parts.push_back(value);
        }
        for (std::size_t i = 0; i < parts.size(); ++i)
            request.assignments[i].assignment = as_bytes(parts[i]);
        driver().take(driver().core().sync(driver().now(), caller(args_.at(0), 5), request));
    }

    void heartbeat() {
        const Client& client = clients_[args_.at(0)];
        protocol::HeartbeatRequest request;
        request.group_id = client.group;
        request.generation_id = std::stoi(option("generation", std::to_string(client.generation)));
        request.member_id = client.id;
        request.group_instance_id = client.instance;
        const auto response = driver().core().heartbeat(driver().now(), request);
        say("{}: {}", args_.at(0), words(name(response.error_code)));
    }

    void leave() {
        protocol::LeaveGroupRequest request;
        request.group_id = option("group", "g");
        if (options_.contains("instance"))
            request.members.emplace_back().group_instance_id = options_["instance"];
        for (const std::string& who : args_.empty() ? args_ : split(args_.at(0), ',')) {
            request.member_id = clients_[who].id;
            auto& one = request.members.emplace_back();
            one.member_id = clients_[who].id;
            one.group_instance_id = clients_[who].instance;
        }
        const Caller from = caller(args_.empty() ? "admin" : args_.at(0), 5);
        driver().take(driver().core().leave(driver().now(), from, request));
    }

    void commit() {
        const Client nobody;
        const Client& client = args_.at(0) == "-" ? nobody : clients_[args_.at(0)];
        protocol::OffsetCommitRequest request;
        request.group_id = option("group", client.group);
        request.generation_id_or_member_epoch =
            std::stoi(option("generation", std::to_string(client.generation)));
        request.member_id = client.id;
        request.group_instance_id = client.instance;
        if (options_.contains("retention")) request.retention_time_ms = ms(options_["retention"]);
        for (const auto& [name, value] : options_) {
            if (name == "group" || name == "generation" || name == "retention" || name == "v")
                continue;
            const Where at = where(name);
            auto& topic = request.topics.emplace_back();
            topic.name = at.topic;
            auto& partition = topic.partitions.emplace_back();
            partition.partition_index = at.partition;
            partition.committed_offset = std::stoll(value);
            if (const auto epoch = value.find('@'); epoch != std::string::npos)
                partition.committed_leader_epoch = std::stoi(value.substr(epoch + 1));
            if (const auto colon = value.find(':'); colon != std::string::npos)
                partition.committed_metadata = value.substr(colon + 1);
        }
        const Caller from = caller(args_.at(0), 9);
        driver().take(driver().core().commit_offsets(driver().now(), from, request));
    }

    void fetch() {
        protocol::OffsetFetchRequest::OffsetFetchRequestGroup request;
        request.group_id = option("group", "g");
        if (args_.at(0) == "all") {
            request.topics.reset();
        } else {
            for (const std::string& one : args_) {
                auto& topic = request.topics->emplace_back();
                topic.name = where(one).topic;
                topic.partition_indexes.push_back(where(one).partition);
            }
        }
        const auto response = driver().core().fetch_offsets(request);
        if (response.topics.empty()) say("nothing");
        for (const auto& topic : response.topics) {
            for (const auto& one : topic.partitions)
                say("{}-{} = {} epoch={} metadata='{}'", topic.name, one.partition_index,
                    one.committed_offset, one.committed_leader_epoch, *one.metadata);
        }
    }

    void delete_offsets() {
        protocol::OffsetDeleteRequest request;
        request.group_id = option("group", "g");
        for (const std::string& one : args_) {
            auto& topic = request.topics.emplace_back();
            topic.name = where(one).topic;
            topic.partitions.emplace_back().partition_index = where(one).partition;
        }
        driver().take(driver().core().delete_offsets(caller("admin", 0), request));
    }

    void delete_groups() {
        driver().take(driver().core().delete_groups(caller("admin", 2), args_));
    }

    void delete_partitions() {
        std::vector<std::pair<std::string, std::int32_t>> partitions;
        for (const std::string& one : args_)
            partitions.emplace_back(where(one).topic, where(one).partition);
        driver().take(driver().core().partitions_deleted(partitions));
    }

    void describe() {
        const DescribedGroup described = driver().core().describe(option("group", "g"), version(6));
        const auto& group = described.group;
        say("{} {} type='{}' protocol='{}'{}", group.group_id, group.group_state,
            group.protocol_type, group.protocol_data,
            group.error_code == ErrorCode::none
                ? ""
                : fmt::format(" {} '{}'", words(name(group.error_code)),
                              group.error_message.value_or("")));
        for (const auto& member : group.members)
            say("  {} instance={} client={} host={} subscription={} part='{}'",
                shown_id(member.member_id), member.group_instance_id.value_or("-"),
                member.client_id, member.client_host, member.member_metadata.size(),
                as_text(member.member_assignment));
    }

    void list() {
        std::vector<std::string> states = args_;
        std::vector<std::string> types;
        if (options_.contains("type")) types.push_back(options_["type"]);
        for (const auto& one : driver().core().list(states, types))
            say("{} {} type='{}' {}", one.group_id, one.group_state, one.protocol_type,
                one.group_type);
    }

    void tick() { driver().advance(duration(args_.at(0))); }
    void hold() { driver().holds = true; }
    void release() {
        driver().holds = false;
        driver().take({});
    }
    void fail() {
        for (std::int16_t code = -1; code < 137; ++code) {
            if (words(name(ErrorCode{code})) == args_.at(0)) {
                driver().holds = false;
                return driver().fail_all(ErrorCode{code});
            }
        }
        throw std::invalid_argument("no such error: " + args_.at(0));
    }
    void restart() {
        driver().holds = false;
        driver().restart();
    }
    void unload() { driver().take(driver().core().unload()); }

    // ---- what comes out ----

    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        out_ += "  " + fmt::format(format, std::forward<Args>(args)...) + "\n";
    }

    void show() {
        if (!driver_) return;
        for (; shown_records_ < driver_->log.size(); ++shown_records_) {
            const EncodedRecord& record = driver_->log[shown_records_];
            std::optional<BytesView> value;
            if (record.value) value = record.value->view();
            std::visit([&](const auto& known) { show(known); }, *decode_record(record.key, value));
        }
        for (const Reply& reply : std::exchange(driver_->replies, {})) {
            const std::string who = asked_.at(reply.request.value);
            asked_.erase(reply.request.value);  // a second reply would not be found
            std::visit([&](const auto& response) { show(who, response); }, reply.response);
        }
    }

    void show(const OffsetRecord& record) {
        if (!record.value)
            return say("log: {} {}-{} deleted", record.group, record.topic, record.partition);
        say("log: {} {}-{} = {}", record.group, record.topic, record.partition,
            record.value->offset);
    }
    void show(const GroupRecord& record) {
        if (!record.value) return say("log: {} deleted", record.group);
        std::vector<std::string> members;
        for (const StoredMember& one : record.value->members)
            members.push_back(fmt::format("{}='{}'", shown_id(one.id), as_text(one.assignment)));
        say("log: {} generation={} protocol={} leader={} [{}]", record.group,
            record.value->generation, record.value->protocol.value_or("-"),
            shown_id(record.value->leader.value_or("")), fmt::join(members, " "));
    }
    void show(const ForeignGroupRecord& record) {
        say("log: foreign group {} {}", record.group, record.exists);
    }
    void show(UnknownRecord record) { say("log: unknown type {}", record.type); }

    void show(const std::string& who, const protocol::JoinGroupResponse& response) {
        Client& client = clients_[who];
        if (response.error_code == ErrorCode::none ||
            response.error_code == ErrorCode::member_id_required)
            client.id = response.member_id;
        if (response.error_code != ErrorCode::none)
            return say("{}: {} id={}", who, words(name(response.error_code)),
                       shown_id(response.member_id));
        client.generation = response.generation_id;
        std::vector<std::string> members;
        for (const auto& one : response.members)
            members.push_back(one.group_instance_id ? fmt::format("{}({})", shown_id(one.member_id),
                                                                  *one.group_instance_id)
                                                    : shown_id(one.member_id));
        say("{}: joined as {} generation={} protocol={} leader={} [{}]{}", who,
            shown_id(response.member_id), response.generation_id,
            response.protocol_name.value_or("-"), shown_id(response.leader),
            fmt::join(members, " "), response.skip_assignment ? " skip" : "");
    }
    void show(const std::string& who, const protocol::SyncGroupResponse& response) {
        if (response.error_code != ErrorCode::none)
            return say("{}: {}", who, words(name(response.error_code)));
        say("{}: part '{}'", who, as_text(response.assignment));
    }
    void show(const std::string& who, const protocol::LeaveGroupResponse& response) {
        std::vector<std::string> members;
        for (const auto& one : response.members)
            members.push_back(
                fmt::format("{} {}", shown_id(one.member_id), words(name(one.error_code))));
        say("{}: left {} [{}]", who, words(name(response.error_code)), fmt::join(members, ", "));
    }
    void show(const std::string& who, const protocol::OffsetCommitResponse& response) {
        for (const auto& topic : response.topics) {
            for (const auto& one : topic.partitions)
                say("{}: {}-{} {}", who, topic.name, one.partition_index,
                    words(name(one.error_code)));
        }
    }
    void show(const std::string& who, const protocol::OffsetDeleteResponse& response) {
        say("{}: {}", who, words(name(response.error_code)));
        for (const auto& topic : response.topics) {
            for (const auto& one : topic.partitions)
                say("{}: {}-{} {}", who, topic.name, one.partition_index,
                    words(name(one.error_code)));
        }
    }
    void show(const std::string& who, const protocol::DeleteGroupsResponse& response) {
        for (const auto& one : response.results)
            say("{}: {} {}", who, one.group_id, words(name(one.error_code)));
    }

    GroupSettings settings_;
    std::optional<GroupsDriver> driver_;
    std::map<std::string, Client> clients_;
    std::map<std::uint64_t, std::string> asked_;
    std::size_t shown_records_ = 0;
    std::vector<std::string> args_;
    std::map<std::string, std::string> options_;
    std::string out_;
};

std::filesystem::path scenarios() {
    return std::filesystem::path(MOLDAU_SOURCE_DIR) / "tests/unit/coordinator/scenarios";
}

std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(scenarios()))
        found.push_back(entry.path().stem().string());
    std::ranges::sort(found);
    return found;
}

class GroupScenario : public testing::TestWithParam<std::string> {};

TEST_P(GroupScenario, GoesAsItsTranscriptSays) {
    const std::filesystem::path path = scenarios() / (GetParam() + ".txt");
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    const std::string went = Transcript().run(text.str());
    if (std::getenv("MOLDAU_REWRITE") != nullptr) std::ofstream(path) << went;
    EXPECT_EQ(went, text.str());
}

INSTANTIATE_TEST_SUITE_P(All, GroupScenario, testing::ValuesIn(names()),
                         [](const auto& given) { return given.param; });

}  // namespace
}  // namespace moldau::coordinator
