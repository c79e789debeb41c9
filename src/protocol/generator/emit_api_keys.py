"""moldau/protocol/api_keys.hpp and api_keys.cpp: every API key, and the table of what the wire knows of them."""
from names import snake

NOTICE = '// Generated from src/protocol/schemas by src/protocol/generator. Not to be edited.\n'

HEADER = '''#pragma once

#include "moldau/protocol/message.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace moldau::protocol {{

/// Every API key, those included that have no version left.
enum class ApiKey : std::int16_t {{
{keys}
}};

/// A row of the table of APIs: facts of the wire. Who may ask for what stands in the broker.
struct ApiInfo {{
    ApiKey key{{}};
    std::string_view name;              // "Fetch"
    VersionRange versions;              // that this codec reads and writes; empty when none is left
    std::int16_t latest_stable = -1;    // the newest that is not marked unstable
    std::int16_t request_flexible = kNeverFlexible;   // first flexible version of the request
    std::int16_t response_flexible = kNeverFlexible;  // and of the response
    bool on_broker = false;             // listeners that serve it
    bool on_controller = false;
}};

/// All rows, by rising key.
std::span<const ApiInfo> apis();

/// The row of a key as it came from the wire; null when there is no such API.
const ApiInfo* find_api(std::int16_t key);

/// The row of a key that we named ourselves.
const ApiInfo& api_info(ApiKey key);

/// 2 for flexible requests, else 1.
std::int16_t request_header_version(const ApiInfo& api, std::int16_t version);

/// 1 for flexible responses, else 0. Always 0 for ApiVersions: a client that asks with a version which
/// the broker does not know must still find the error code (KIP-511).
std::int16_t response_header_version(const ApiInfo& api, std::int16_t version);

}}  // namespace moldau::protocol
'''

SOURCE = '''#include "moldau/protocol/api_keys.hpp"

#include "moldau/base/check.hpp"

#include <array>

namespace moldau::protocol {{
namespace {{

constexpr std::array<ApiInfo, {count}> kApis{{{{
{rows}
}}}};

}}  // namespace

std::span<const ApiInfo> apis() {{ return kApis; }}

const ApiInfo* find_api(std::int16_t key) {{
    // Keys have no gaps (the generator holds them to it), so a key is an index.
    if (key < 0 || static_cast<std::size_t>(key) >= kApis.size()) return nullptr;
    return &kApis[static_cast<std::size_t>(key)];
}}

const ApiInfo& api_info(ApiKey key) {{
    const ApiInfo* const found = find_api(static_cast<std::int16_t>(key));
    MOLDAU_CHECK(found != nullptr, "key={{}}", static_cast<std::int16_t>(key));
    return *found;
}}

std::int16_t request_header_version(const ApiInfo& api, std::int16_t version) {{
    return version >= api.request_flexible ? 2 : 1;
}}

std::int16_t response_header_version(const ApiInfo& api, std::int16_t version) {{
    if (api.key == ApiKey::api_versions) return 0;
    return version >= api.response_flexible ? 1 : 0;
}}

}}  // namespace moldau::protocol
'''


def _row(file):
    key = f'ApiKey::{snake(file.api)}'
    if not file.messages:
        return f'    ApiInfo{{.key = {key}, .name = "{file.api}"}},'
    request, response = file.messages
    stable = request.versions.hi if request.unstable is None else request.unstable - 1

    def flexible(msg):
        return 'kNeverFlexible' if msg.flexible.empty else str(msg.flexible.lo)

    def listens(name):
        return 'true' if name in file.listeners else 'false'

    return (f'    ApiInfo{{{key}, "{file.api}", {{{request.versions.lo}, {request.versions.hi}}}, {stable}, {flexible(request)}, '
            f'{flexible(response)}, {listens("broker")}, {listens("controller")}}},')


def check(files):
    keys = [f.api_key for f in files]
    if keys != list(range(len(keys))):
        raise ValueError(f'API keys have a gap or a double: {keys}')
    for file in files:
        if file.messages:
            request, response = file.messages
            if (request.kind, response.kind) != ('request', 'response') or request.versions != response.versions:
                raise ValueError(f'{file.stem}: a request and a response of the same versions are wanted')


def emit(files):
    files = sorted(files, key=lambda f: f.api_key)
    check(files)
    keys = '\n'.join(f'    {snake(f.api)} = {f.api_key},' for f in files)
    rows = '\n'.join(_row(f) for f in files)
    return NOTICE + HEADER.format(keys=keys), NOTICE + SOURCE.format(count=len(files), rows=rows)
