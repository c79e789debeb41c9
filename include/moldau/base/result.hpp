// Result and Error: how an expected failure (peer, client, disk, config) travels. See
// docs/architecture.md#errors.
#pragma once

#include "moldau/base/error_code.hpp"

#include <expected>
#include <string>
#include <utility>

namespace moldau {

struct Error {
    ErrorCode code{};    // what a client may act on: the protocol's own code
    std::string detail;  // what an operator may read: never parsed, never branched on
};

/// std::expected with our manners: `return Error{…}` just works, and value(), which throws, is
/// gone.
template <class T = void>
struct [[nodiscard]] Result : std::expected<T, Error> {
    using Base = std::expected<T, Error>;
    using Base::Base;
    Result(Error error) : Base(std::unexpect, std::move(error)) {}
    void value() const = delete;
};

}  // namespace moldau
