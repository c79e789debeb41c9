#include "support/messages/message_type.hpp"

#include <stdexcept>
#include <string>
#include <unordered_map>

namespace moldau::support {

const MessageType& message_type_of(std::string_view name) {
    static const auto by_name = [] {
        std::unordered_map<std::string_view, const MessageType*> map;
        for (const MessageType* type : message_types()) map.emplace(type->name, type);
        return map;
    }();
    const auto found = by_name.find(name);
    if (found == by_name.end()) throw std::runtime_error("no message " + std::string(name));
    return *found->second;
}

Result<std::vector<std::byte>> AnyMessage::bytes(std::int16_t version) const {
    const Result<std::size_t> size = encoded_size(version);
    if (!size) return size.error();
    std::vector<std::byte> room(*size);
    protocol::Writer out(room);
    encode(out, version);
    if (out.remaining() != 0) throw std::runtime_error("encode wrote less than encoded_size said");
    return room;
}

}  // namespace moldau::support
