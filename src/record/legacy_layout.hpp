// Where things stand in messages of magic 0 and 1.
//
//  0  offset      int64
//  8  length      int32   of all that follows this field
// 12  CRC-32      uint32  of all that follows this field
// 16  magic       int8    0 or 1
// 17  attributes  int8    bits 0 to 2: codec; bit 3, magic 1: log append time
// 18  timestamp   int64   magic 1 only
//     key         int32 length (-1: null), bytes
//     value       int32 length (-1: null), bytes; of a packed message: the messages inside
#pragma once

#include <cstddef>
#include <cstdint>

namespace moldau::record::legacy {

inline constexpr std::size_t kCrc = 12;
inline constexpr std::size_t kMagic = 16;
inline constexpr std::size_t kAttributes = 17;
inline constexpr std::size_t kTimestamp = 18;  // magic 1
inline constexpr std::size_t kKeyV0 = 18;
inline constexpr std::size_t kKeyV1 = 26;
inline constexpr std::int32_t kOverheadBytesV0 = 14;  // with an empty key and value, behind length
inline constexpr std::int32_t kOverheadBytesV1 = 22;

}  // namespace moldau::record::legacy
