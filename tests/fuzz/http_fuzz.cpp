// Any bytes as an HTTP request, whole and in pieces as long as the first byte says: it is a request
// in both cases or in neither, and the same one, unless it is longer than a request may be: the
// bound is on the first line and on what follows where both come at once, else on their sum.
#include "http_request.hpp"

#include "moldau/base/check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    using namespace moldau;
    constexpr std::size_t kHeadBytesMax = 1024;
    const BytesView all(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
    metrics::HttpRequestReader whole(kHeadBytesMax);
    const int status = whole.feed(all);

    metrics::HttpRequestReader reader(kHeadBytesMax);
    const std::size_t step = std::size_t{data[0]} + 1;
    int in_pieces = 0;
    for (std::size_t at = 0; at < all.size() && in_pieces == 0; at += step)
        in_pieces = reader.feed(all.subspan(at, std::min(step, all.size() - at)));
    if (all.size() > kHeadBytesMax) return 0;
    MOLDAU_CHECK((status == 200) == (in_pieces == 200), "whole={} in pieces={}", status, in_pieces);
    if (status != 200) return 0;
    MOLDAU_CHECK(whole.request().method == reader.request().method);
    MOLDAU_CHECK(whole.request().path == reader.request().path);
    MOLDAU_CHECK(whole.request().accept == reader.request().accept);
    return 0;
}
