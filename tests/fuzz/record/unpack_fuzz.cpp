// Any bytes as a packed stream of each codec: no more comes out than the bound, no more memory is
// taken than what comes out needs. Then the bytes as plain ones: what is packed unpacks to the
// same.
#include "moldau/base/check.hpp"
#include "moldau/record/compression.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace moldau;
    using namespace moldau::record;
    if (size == 0) return 0;
    constexpr std::size_t kBound = std::size_t{256} << 10U;
    static Unpacker unpacker;
    static Packer packer;
    const auto codec = static_cast<Codec>(1 + data[0] % 4);
    const auto lz4_header = data[0] >= 128 ? Lz4Header::unverified : Lz4Header::verified;
    const BytesView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);

    GrowingBuffer out;
    const Result<> unpacked = unpacker.unpack(codec, bytes, kBound, out, lz4_header);
    MOLDAU_CHECK(out.size() <= kBound, "size={}", out.size());
    MOLDAU_CHECK(out.capacity() <= 2 * kBound + GrowingBuffer::kFirstBytes, "capacity={}",
                 out.capacity());
    if (unpacked) {
        GrowingBuffer again;
        MOLDAU_CHECK(unpacker.unpack(codec, bytes, out.size(), again, lz4_header).has_value());
        MOLDAU_CHECK(equal(again.view(), out.view()));
    }

    GrowingBuffer packed;
    packer.pack({codec, std::nullopt}, bytes, packed);
    GrowingBuffer plain;
    MOLDAU_CHECK(unpacker.unpack(codec, packed.view(), bytes.size(), plain).has_value());
    MOLDAU_CHECK(equal(plain.view(), bytes));
    return 0;
}
