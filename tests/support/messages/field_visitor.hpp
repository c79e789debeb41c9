// A look at every field that a message has in a version, by its name in Kafka's JSON. Generated
// code drives it (src/protocol/generator/emit_visit.py), so that tests need no second codec.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/error_code.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/protocol/message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace moldau::support {

struct FieldTraits {
    bool nullable = false;  // in this version
    bool tagged = false;
    bool at_default = false;  // told for tagged fields only
    bool records = false;
};

template <class T>
using OptionalVector = std::optional<std::vector<T>>;

/// Any field that is not made of structs.
using Leaf =
    std::variant<bool*, std::int8_t*, std::int16_t*, std::uint16_t*, std::int32_t*, std::uint32_t*,
                 std::int64_t*, double*, ErrorCode*, Uuid*, std::string*,
                 std::optional<std::string>*, BytesView*, std::optional<BytesView>*,
                 std::vector<std::int8_t>*, std::vector<std::int16_t>*, std::vector<std::int32_t>*,
                 std::vector<std::int64_t>*, std::vector<Uuid>*, std::vector<std::string>*,
                 OptionalVector<std::int8_t>*, OptionalVector<std::int16_t>*,
                 OptionalVector<std::int32_t>*, OptionalVector<std::int64_t>*,
                 OptionalVector<Uuid>*, OptionalVector<std::string>*>;

class FieldVisitor {
public:
    virtual ~FieldVisitor() = default;

    template <class T>
    void field(const char* name, T& value, FieldTraits traits) {
        leaf(name, &value, traits);
    }
    virtual void leaf(const char* name, Leaf value, FieldTraits traits) = 0;

    /// Before a field of structs; false passes it over.
    virtual bool enter(const char* name, FieldTraits traits) = 0;
    /// Whether the struct just entered is to be there; `now`: whether it is.
    virtual bool present(bool now, FieldTraits traits) = 0;
    /// How many elements the array just entered is to have, none for null; `now`: how many it has.
    virtual std::optional<std::size_t> elements(std::optional<std::size_t> now,
                                                FieldTraits traits) = 0;
    virtual void begin_struct() = 0;
    virtual void end_struct() = 0;
    virtual void leave() = 0;  // the field that enter() entered

    virtual void unknown_tags(protocol::UnknownTags& tags) = 0;
};

}  // namespace moldau::support
