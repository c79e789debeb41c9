// Which clients are asked for which of their metrics, and how often (KIP-714).
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/base/uuid.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::telemetry {

inline constexpr std::int32_t kUsualIntervalMs = 300'000;  // of clients that no subscription means
/// What a pattern is compared with is no longer; a longer value matches no pattern.
inline constexpr std::size_t kMatchedBytesMax = 256;
inline constexpr std::size_t kPatternBytesMax = 256;

/// A client as the broker sees it.
struct Client {
    Uuid instance;
    std::string id;
    std::string software_name = "unknown";
    std::string software_version = "unknown";
    std::string address;
    std::uint16_t port = 0;
};

/// One entry of a subscription's `match`: what a client says of itself is the whole of a regular
/// expression's language (ECMAScript's dialect, without references back: matching takes a time that
/// grows with the text, whatever the expression).
class Match {
public:
    /// `client_id=app-.*`. Errors: invalid_config, saying what is wrong.
    static Result<Match> parse(std::string_view entry);
    bool matches(const Client& client) const;

private:
    struct Expression;
    std::string_view (*field_)(const Client&, std::string& made) = nullptr;
    std::shared_ptr<const Expression> expression_;
};

struct Subscription {
    std::int32_t interval_ms = kUsualIntervalMs;
    std::vector<std::string> metrics;  // names or their beginnings; "*": all
    std::vector<Match> matches;        // all of them; none: every client
};

/// What one client is asked for.
struct Wanted {
    std::int32_t interval_ms = kUsualIntervalMs;  // the shortest of its subscriptions'
    std::vector<std::string> metrics;             // each once; "*" alone where all are wanted
    std::int32_t subscription_id = 0;
};
/// The subscription id is the one that Kafka's brokers compute, so that a client that moves from
/// one broker to another keeps it: it rests on the order in which java.util.HashSet gives the
/// names.
Wanted wanted_of(const std::vector<Subscription>& subscriptions, const Client& client);

}  // namespace moldau::telemetry
