// ApiVersions: api key 18, versions 0..4
//   v1   throttle time                                             KIP-219
//   v3   flexible body; the client's software name and version; features      KIP-482, KIP-511,
//   KIP-584 v4   supported features whose least level is 0 are listed      KIP-1022
// A version that is not served is answered as v0 with UNSUPPORTED_VERSION and the range of
// ApiVersions alone, so that a newer client can ask again (KIP-511). The response header is always
// v0, because the client knows no version yet.
#include "handlers/cluster/api_versions.hpp"

#include <algorithm>

namespace moldau::broker {
namespace {

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
            .min_version = row.min_version,
            .max_version = row.max_version};
}

}  // namespace

protocol::ApiVersionsResponse handle_api_versions(const RequestContext& context,
                                                  const protocol::ApiVersionsRequest& request) {
    protocol::ApiVersionsResponse response;
    if (context.version >= 3 && !(is_software_name(request.client_software_name) &&
                                  is_software_name(request.client_software_version))) {
        response.error_code = ErrorCode::invalid_request;
        return response;
    }
    for (const ApiRow& row : api_table()) {
        if (row.is_on(context.listener)) response.api_keys.push_back(range_of(row));
    }
    for (const SupportedFeature& feature : context.cluster.supported_features) {
        // Clients of v3 refuse a least level of 0 (KAFKA-17011).
        if (context.version <= 3 && feature.min == 0) continue;
        response.supported_features.push_back(
            {.name = feature.name, .min_version = feature.min, .max_version = feature.max});
    }
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

}  // namespace moldau::broker
