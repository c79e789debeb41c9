// Compares batches with their golden descriptions (the fields of Kafka's own objects), and reads
// the lines of the batch vectors.
#pragma once

#include "moldau/record/append_validator.hpp"
#include "moldau/record/legacy.hpp"
#include "moldau/record/record.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::record::golden {

inline constexpr std::size_t kUnpackedMost = std::size_t{64} << 20U;

struct Line {
    std::string name;
    std::vector<std::byte> bytes;
};
Line line_of(const boost::json::object& json);

/// Every field of the header and of each record, of any magic.
void expect_batch(const BatchBytes& batch, const boost::json::object& description);

/// As expect_batch for magic 2, without what packing decides: size and CRC.
void expect_same_content(const BatchView& batch, const boost::json::object& description);

/// The whole batches at the start of `log`.
Result<std::vector<BatchBytes>> split(BytesView log);

std::string sha256_hex(BytesView bytes);

}  // namespace moldau::record::golden
