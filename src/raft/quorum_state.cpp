#include "moldau/raft/quorum_state.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <variant>

namespace moldau::raft {
namespace {

constexpr int kDepthMax = 8;

Error refused(std::string_view what) {
    return {ErrorCode::kafka_storage_error, fmt::format("quorum-state: {}", what)};
}

// The little JSON that stands in the file: one object of numbers, strings and lists of objects of
// numbers. Each function takes what it reads from the front of `text_` and says whether it was
// there.
class Json {
public:
    using Value = std::variant<std::monostate, std::int64_t, std::string>;

    explicit Json(std::string_view text) : text_(text) {}

    bool object(std::map<std::string, Value>& members, std::vector<std::int32_t>& voters,
                int depth = 0) {
        if (depth > kDepthMax || !take('{')) return false;
        if (take('}')) return true;
        do {
            std::string key;
            if (!string(key) || !take(':') || !value(members[key], voters, depth)) return false;
        } while (take(','));
        return take('}');
    }
    bool at_end() {
        blanks();
        return text_.empty();
    }

private:
    void blanks() {
        text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size()));
    }
    bool take(char c) {
        blanks();
        if (!text_.starts_with(c)) return false;
        text_.remove_prefix(1);
        return true;
    }
    bool word(std::string_view expected) {
        blanks();
        if (!text_.starts_with(expected)) return false;
        text_.remove_prefix(expected.size());
        return true;
    }
    // Kafka writes nothing here that would need an escape.
    bool string(std::string& to) {
        if (!take('"')) return false;
        const std::size_t end = text_.find_first_of("\"\\");
        if (end == std::string_view::npos || text_[end] != '"') return false;
        to = text_.substr(0, end);
        text_.remove_prefix(end + 1);
        return true;
    }
    bool number(std::int64_t& to) {
        blanks();
        const auto read = std::from_chars(text_.data(), text_.data() + text_.size(), to);
        if (read.ec != std::errc()) return false;
        text_.remove_prefix(static_cast<std::size_t>(read.ptr - text_.data()));
        return true;
    }
    // A list's objects are voters; of other things in lists nothing is kept.
    bool list(std::vector<std::int32_t>& voters, int depth) {
        if (!take('[')) return false;
        if (take(']')) return true;
        do {
            std::map<std::string, Value> members;
            if (!object(members, voters, depth + 1)) return false;
            const auto* id = std::get_if<std::int64_t>(&members["voterId"]);
            if (id == nullptr) continue;
            if (*id < 0 || *id > INT32_MAX) return false;
            voters.push_back(static_cast<std::int32_t>(*id));
        } while (take(','));
        return take(']');
    }
    bool value(Value& to, std::vector<std::int32_t>& voters, int depth) {
        blanks();
        if (text_.starts_with('"')) return string(to.emplace<std::string>());
        if (text_.starts_with('[')) return list(voters, depth);
        if (text_.starts_with('{')) {
            std::map<std::string, Value> passed_over;
            return object(passed_over, voters, depth + 1);
        }
        if (word("null") || word("true") || word("false")) return true;
        return number(to.emplace<std::int64_t>());
    }

    std::string_view text_;
};

using Members = std::map<std::string, Json::Value>;

std::optional<std::int32_t> int32_of(const Members& members, const std::string& key) {
    const auto found = members.find(key);
    if (found == members.end()) return std::nullopt;
    const auto* number = std::get_if<std::int64_t>(&found->second);
    if (number == nullptr || *number < INT32_MIN || *number > INT32_MAX) return std::nullopt;
    return static_cast<std::int32_t>(*number);
}

}  // namespace

Result<QuorumState> parse_quorum_state(std::string_view file) {
    Members members;
    QuorumState state;
    Json json(file);
    if (!json.object(members, state.voters) || !json.at_end()) return refused("no JSON object");
    const auto version = int32_of(members, "data_version");
    if (!version || (*version != 0 && *version != 1))
        return refused("its data_version is neither 0 nor 1");
    state.data_version = static_cast<std::int16_t>(*version);
    const auto leader = int32_of(members, "leaderId");
    const auto epoch = int32_of(members, "leaderEpoch");
    const auto voted = int32_of(members, "votedId");
    if (!leader || !epoch || !voted || *leader < -1 || *epoch < 0 || *voted < -1)
        return refused("leaderId, leaderEpoch or votedId is missing or cannot be");
    state.epoch = LeaderEpoch{*epoch};
    if (*leader != -1) state.leader = leader;
    if (*voted == -1) return state;
    state.voted = ReplicaKey{*voted, {}};
    if (state.data_version == 0) return state;
    const auto* text = std::get_if<std::string>(&members["votedDirectoryId"]);
    if (text == nullptr) return refused("votedDirectoryId is missing");
    const Result<Uuid> directory = Uuid::parse(*text);
    if (!directory) return refused("votedDirectoryId is no id");
    state.voted->directory = *directory;
    return state;
}

std::string write_quorum_state(const QuorumState& state) {
    const std::int32_t leader = state.leader.value_or(-1);
    const ReplicaKey voted = state.voted.value_or(ReplicaKey{});
    if (state.data_version == 0) {
        std::vector<std::string> voters;
        voters.reserve(state.voters.size());
        for (const std::int32_t id : state.voters)
            voters.push_back(fmt::format(R"({{"voterId":{}}})", id));
        return fmt::format(
            R"({{"clusterId":"","leaderId":{},"leaderEpoch":{},"votedId":{},"appliedOffset":0,)"
            R"("currentVoters":[{}],"data_version":0}})",
            leader, state.epoch.value, voted.id, fmt::join(voters, ","));
    }
    return fmt::format(
        R"({{"leaderId":{},"leaderEpoch":{},"votedId":{},"votedDirectoryId":"{}","data_version":1}})",
        leader, state.epoch.value, voted.id, voted.directory.to_string());
}

}  // namespace moldau::raft
