// How long the values of records are.
#pragma once

#include "draws.hpp"

#include "moldau/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::load {

class RecordSizes {
public:
    static constexpr std::size_t kMost = std::size_t{512} << 20U;

    /// Every value has this size.
    RecordSizes(std::size_t fixed) : least_(fixed), most_(fixed) {}

    /// `1024`, `100-2000` (each of them as likely) or `100,100,5000` (one of the list; what stands
    /// there twice comes twice as often). Errors: invalid_request, with what is allowed
    static Result<RecordSizes> parse(std::string_view text);

    bool is_fixed() const { return least_ == most_; }
    std::size_t least() const { return least_; }
    std::size_t most() const { return most_; }
    double mean() const;
    std::size_t draw(Draws& draws) const;
    /// As parse() reads it.
    std::string to_string() const;

    friend bool operator==(const RecordSizes&, const RecordSizes&) = default;

private:
    RecordSizes(std::size_t least, std::size_t most, std::vector<std::size_t> listed)
        : least_(least), most_(most), listed_(std::move(listed)) {}

    std::size_t least_;
    std::size_t most_;
    std::vector<std::size_t> listed_;  // empty: all from least to most
};

}  // namespace moldau::load
