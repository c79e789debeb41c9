// Every decoder, in every version: whatever it accepts must be written and read again to the same.
//   message  uint16   position among all names, sorted (make_corpus.py knows the same order)
//   version  uint8
//   body
#include "fuzz/reread.hpp"
#include "support/messages/message_type.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace moldau;
    static const std::vector<const support::MessageType*> types = support::sorted_by_name();
    protocol::Reader in({reinterpret_cast<const std::byte*>(data), size});
    const std::size_t which = in.uint16() % types.size();
    const protocol::VersionRange versions = types[which]->versions;
    const auto version =
        static_cast<std::int16_t>(versions.first + static_cast<std::uint8_t>(in.int8()) %
                                                       (versions.last - versions.first + 1));
    if (in.failed()) return 0;
    support::expect_reread(*types[which], version, in);
    return 0;
}
