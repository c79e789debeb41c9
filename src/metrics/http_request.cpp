#include "http_request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include <limits>

namespace moldau::metrics {
namespace {

namespace http = boost::beast::http;

constexpr int kMore = 0;
constexpr int kWhole = 200;
constexpr int kBadRequest = 400;
constexpr int kHasBody = 413;
constexpr int kTooLong = 431;
constexpr int kVersion = 505;

int status_of(const boost::system::error_code& error) {
    if (error == http::error::need_more) return kMore;
    if (error == http::error::header_limit) return kTooLong;
    if (error == http::error::bad_version) return kVersion;
    if (error == http::error::body_limit || error == http::error::unexpected_body) return kHasBody;
    return kBadRequest;
}

}  // namespace

struct HttpRequestReader::Parser {
    http::request_parser<http::empty_body> parser;
};

HttpRequestReader::HttpRequestReader(std::size_t head_bytes_max)
    : parser_(std::make_unique<Parser>()), head_bytes_max_(head_bytes_max) {
    // One call may not go on for ever about one line: the bound is on all of the head.
    parser_->parser.header_limit(static_cast<std::uint32_t>(head_bytes_max));
    parser_->parser.body_limit(0);
}

HttpRequestReader::~HttpRequestReader() = default;

int HttpRequestReader::feed(BytesView bytes) {
    unparsed_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    auto& parser = parser_->parser;
    while (!parser.is_header_done()) {
        boost::system::error_code error;
        const std::size_t used =
            parser.put(boost::asio::const_buffer(unparsed_.data(), unparsed_.size()), error);
        unparsed_.erase(0, used);
        if (error == http::error::need_more) {
            if (unparsed_.size() > head_bytes_max_) return kTooLong;
            return kMore;
        }
        if (error) return status_of(error);
    }
    const auto& head = parser.get();
    if (parser.chunked() || parser.content_length().value_or(0) > 0) return kHasBody;
    if (head.version() != 10 && head.version() != 11) return kVersion;
    request_.method = head.method_string();
    const boost::beast::string_view target = head.target();
    request_.path = target.substr(0, target.find('?'));
    request_.accept = head[http::field::accept];
    return kWhole;
}

}  // namespace moldau::metrics
