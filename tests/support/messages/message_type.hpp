// All messages by name, with their types erased.
#pragma once

#include "support/messages/field_visitor.hpp"

#include "moldau/base/result.hpp"
#include "moldau/protocol/message.hpp"
#include "moldau/protocol/reader.hpp"
#include "moldau/protocol/writer.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace moldau::support {

struct MessageType {
    std::string_view name;
    std::string_view kind;  // request, response, message, record, key, value
    int number = -1;        // API key or record type
    protocol::VersionRange versions;
    std::int16_t first_flexible = protocol::kNeverFlexible;

    void* (*make)() = nullptr;
    void (*destroy)(void*) = nullptr;
    Result<> (*decode)(void*, protocol::Reader&, std::int16_t) = nullptr;
    Result<std::size_t> (*encoded_size)(const void*, std::int16_t) = nullptr;
    void (*encode)(const void*, protocol::Writer&, std::int16_t) = nullptr;
    void (*visit)(void*, std::int16_t, FieldVisitor&) = nullptr;
    bool (*equal)(const void*, const void*) = nullptr;
};

/// Every message of the schemas, in the order of their files.
const std::vector<const MessageType*>& message_types();
/// Throws when there is none of that name.
const MessageType& message_type_of(std::string_view name);

/// A message of some type.
class AnyMessage {
public:
    explicit AnyMessage(const MessageType& type)
        : type_(&type), object_(type.make(), type.destroy) {}

    const MessageType& type() const { return *type_; }
    Result<> decode(protocol::Reader& in, std::int16_t version) {
        return type_->decode(object_.get(), in, version);
    }
    Result<std::size_t> encoded_size(std::int16_t version) const {
        return type_->encoded_size(object_.get(), version);
    }
    void encode(protocol::Writer& out, std::int16_t version) const {
        type_->encode(object_.get(), out, version);
    }
    /// Its bytes. Errors: those of encoded_size().
    Result<std::vector<std::byte>> bytes(std::int16_t version) const;
    void visit(std::int16_t version, FieldVisitor& visitor) {
        type_->visit(object_.get(), version, visitor);
    }
    friend bool operator==(const AnyMessage& a, const AnyMessage& b) {
        return a.type_ == b.type_ && a.type_->equal(a.object_.get(), b.object_.get());
    }

private:
    const MessageType* type_;
    std::unique_ptr<void, void (*)(void*)> object_;
};

}  // namespace moldau::support
