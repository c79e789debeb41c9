#include "moldau/log/files/transaction_index.hpp"

#include "file_error.hpp"

#include "moldau/base/endian.hpp"

#include <cstdint>

namespace moldau::log {
namespace {

constexpr std::int16_t kVersion = 0;
constexpr std::size_t kEntryBytes = 34;

}  // namespace

Result<std::vector<AbortedTransaction>> parse_transaction_index(BytesView file) {
    if (file.size() % kEntryBytes != 0)
        return file_error("a transaction index of {} bytes, not of entries of 34", file.size());
    std::vector<AbortedTransaction> transactions;
    transactions.reserve(file.size() / kEntryBytes);
    for (; !file.empty(); file = file.subspan(kEntryBytes)) {
        const std::byte* from = file.data();
        if (const auto version = load_be<std::int16_t>(from); version != kVersion) {
            return file_error("entry {} of a transaction index has version {}", transactions.size(),
                              version);
        }
        const AbortedTransaction entry{{load_be<std::int64_t>(from + 2)},
                                       {load_be<std::int64_t>(from + 10)},
                                       {load_be<std::int64_t>(from + 18)},
                                       {load_be<std::int64_t>(from + 26)}};
        const bool is_after =
            transactions.empty() || entry.last_offset > transactions.back().last_offset;
        if (entry.first_offset < Offset{0} || entry.last_offset < entry.first_offset || !is_after) {
            return file_error("entry {} of a transaction index spans offsets {} to {}",
                              transactions.size(), entry.first_offset.value,
                              entry.last_offset.value);
        }
        transactions.push_back(entry);
    }
    return transactions;
}

std::vector<std::byte> write_transaction_index(std::span<const AbortedTransaction> transactions) {
    std::vector<std::byte> file(transactions.size() * kEntryBytes);
    std::byte* to = file.data();
    for (const AbortedTransaction& entry : transactions) {
        store_be(to, kVersion);
        store_be(to + 2, entry.producer_id.value);
        store_be(to + 10, entry.first_offset.value);
        store_be(to + 18, entry.last_offset.value);
        store_be(to + 26, entry.last_stable_offset.value);
        to += kEntryBytes;
    }
    return file;
}

}  // namespace moldau::log
