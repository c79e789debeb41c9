// A request as it comes from a connection, without the frame's size: header, then the body that its
// key and version announce.
#include "fuzz/reread.hpp"
#include "support/messages/message_type.hpp"

#include "moldau/protocol/framing.hpp"

#include <cstddef>
#include <cstdint>
#include <map>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace moldau;
    static const auto requests = [] {
        std::map<int, const support::MessageType*> by_key;
        for (const support::MessageType* type : support::message_types()) {
            if (type->kind == "request") by_key.emplace(type->number, type);
        }
        return by_key;
    }();
    protocol::Reader in({reinterpret_cast<const std::byte*>(data), size});
    protocol::RequestHeader header;
    const Result<const protocol::ApiInfo*> api = protocol::decode_request_header(in, header);
    if (!api) return 0;
    if (!(*api)->versions.contains(header.request_api_version)) return 0;
    support::expect_reread(*requests.at(header.request_api_key), header.request_api_version, in);
    return 0;
}
