// ApiVersions: api key 18, versions 0..4
//   v1   throttle time                                             KIP-219
//   v3   flexible body; the client's software name and version; features      KIP-482, KIP-511,
//   KIP-584 v4   supported features whose least level is 0 are listed      KIP-1022
// A version that is not served is answered as v0 with UNSUPPORTED_VERSION and the range of
// ApiVersions alone, so that a newer client can ask again (KIP-511). The response header is always
// v0, because the client knows no version yet.
#include "handlers/cluster/api_versions.hpp"

#include "supported_features.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/telemetry/subscriptions.hpp"

#include <algorithm>

namespace moldau::broker {
namespace {

constexpr std::size_t kSoftwareBytesMax = telemetry::kMatchedBytesMax + 1;

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// KIP-511: letters, digits, '.' and '-', beginning and ending with a letter or digit.
bool is_software_name(std::string_view name) {
    const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-'; };
    return !name.empty() && std::all_of(name.begin(), name.end(), allowed) &&
           is_letter_or_digit(name.front()) && is_letter_or_digit(name.back());
}

protocol::ApiVersionsResponse::ApiVersion range_of(const ApiRow& row) {
    return {.api_key = static_cast<std::int16_t>(row.api),
            .min_version = row.advertised_from(),
            .max_version = row.max_version};
}

void finalized(const VersionsQuestion& question, protocol::ApiVersionsResponse& response) {
    const auto add = [&response](std::string name, std::int16_t level) {
        response.finalized_features.push_back(
            {.name = std::move(name), .max_version_level = level, .min_version_level = level});
    };
    for (const auto& [name, level] : question.image.features) add(name, level);
    if (question.kraft_version > 0) add("kraft.version", question.kraft_version);
    // The offset of the last record that it rests on.
    response.finalized_features_epoch = question.image.provenance.end_offset.value - 1;
}

}  // namespace

protocol::ApiVersionsResponse api_versions(const VersionsQuestion& question,
                                           const protocol::ApiVersionsRequest& request) {
    protocol::ApiVersionsResponse response;
    if (question.version >= 3 && !(is_software_name(request.client_software_name) &&
                                   is_software_name(request.client_software_version))) {
        response.error_code = ErrorCode::invalid_request;
        return response;
    }
    for (const ApiRow& row : api_table()) {
        if (!row.is_on(question.listener)) continue;
        if (row.is_told == Told::where_telemetry_is_received && !question.receives_telemetry)
            continue;
        response.api_keys.push_back(range_of(row));
    }
    for (const metadata::FeatureRange& feature : supported_features()) {
        // Clients of v3 refuse a least level of 0 (KAFKA-17011).
        if (question.version <= 3 && feature.least == 0) continue;
        response.supported_features.push_back(
            {.name = feature.name, .min_version = feature.least, .max_version = feature.most});
    }
    finalized(question, response);
    return response;
}

protocol::ApiVersionsResponse unsupported_api_versions() {
    protocol::ApiVersionsResponse response;
    response.error_code = ErrorCode::unsupported_version;
    for (const ApiRow& row : api_table()) {
        if (row.api == protocol::ApiKey::api_versions) response.api_keys.push_back(range_of(row));
    }
    return response;
}

Result<net::Answer> handle_api_versions(const RequestContext& context, protocol::Reader& body) {
    protocol::ApiVersionsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    protocol::ApiVersionsResponse response = api_versions(
        {.image = context.image(),
         .kraft_version = context.node.facts.kraft_version.load(),
         .listener = context.listener,
         .version = context.version,
         .receives_telemetry = context.node.facts.settings.get(config::kClientMetrics)},
        request);
    if (context.version >= 3 && response.error_code == ErrorCode::none) {
        // Longer ones match no subscription; they are cut so that a connection holds little.
        context.software.name = request.client_software_name.substr(0, kSoftwareBytesMax);
        context.software.version = request.client_software_version.substr(0, kSoftwareBytesMax);
    }
    return net::Answer(final_reply(context, response));
}

}  // namespace moldau::broker
