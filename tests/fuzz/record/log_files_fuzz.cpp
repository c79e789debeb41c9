// Any bytes as each file of a log directory: refused, or read to a value that is written and read
// again as the same.
#include "moldau/base/check.hpp"
#include "moldau/log/files/clean_shutdown.hpp"
#include "moldau/log/files/leader_epoch_checkpoint.hpp"
#include "moldau/log/files/meta_properties.hpp"
#include "moldau/log/files/offset_checkpoint.hpp"
#include "moldau/log/files/offset_index.hpp"
#include "moldau/log/files/partition_metadata.hpp"
#include "moldau/log/files/producer_snapshot.hpp"
#include "moldau/log/files/time_index.hpp"
#include "moldau/log/files/transaction_index.hpp"

#include <cstddef>
#include <cstdint>

namespace moldau::log {
namespace {

constexpr Offset kBase{100};

template <class Parse, class Write, class File>
void reread(Parse parse, Write write, const File& file) {
    const auto value = parse(file);
    if (!value) {
        MOLDAU_CHECK(!value.error().detail.empty());
        return;
    }
    const auto again = parse(write(*value));
    MOLDAU_CHECK(again.has_value(), "{}", again.error().detail);
    MOLDAU_CHECK(*again == *value);
}

void run(unsigned format, BytesView bytes) {
    const std::string_view text = as_text(bytes);
    switch (format) {
        case 0:
            return reread([](BytesView file) { return parse_offset_index(file, kBase); },
                          [](const auto& value) { return write_offset_index(value, kBase); },
                          bytes);
        case 1:
            return reread([](BytesView file) { return parse_time_index(file, kBase); },
                          [](const auto& value) { return write_time_index(value, kBase); }, bytes);
        case 2:
            return reread(
                parse_transaction_index,
                [](const auto& value) { return write_transaction_index(value); }, bytes);
        case 3:
            return reread(
                parse_producer_snapshot,
                [](const auto& value) { return write_producer_snapshot(value); }, bytes);
        case 4:
            return reread(
                parse_leader_epoch_checkpoint,
                [](const auto& value) { return write_leader_epoch_checkpoint(value); }, text);
        case 5:
            return reread(
                parse_offset_checkpoint,
                [](const auto& value) { return write_offset_checkpoint(value); }, text);
        case 6:
            return reread(parse_partition_metadata, write_partition_metadata, text);
        case 7:
            return reread(parse_meta_properties, write_meta_properties, text);
        default:
            return reread(parse_clean_shutdown, write_clean_shutdown, text);
    }
}

}  // namespace
}  // namespace moldau::log

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    moldau::log::run(data[0] % 9U, {reinterpret_cast<const std::byte*>(data + 1), size - 1});
    return 0;
}
